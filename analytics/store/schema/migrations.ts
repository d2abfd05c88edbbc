import type { DuckDBConnection } from '@duckdb/node-api';
import type { CatalogEntry } from './catalog.ts';
import { EVIDENCE_COLUMNS } from './columns.ts';
import { OLD_TABLES } from './old-tables.ts';
import { REGISTRY_TABLES } from './registry-tables.ts';
import { RENEWED_TABLES_SQL, SCHEMA_VERSION, VIEWS_SQL } from './schema.ts';

/** Where the rows of a new table come from, if not from the old one of its name, column by column. */
interface Filling {
  readonly from?: string;
  readonly plus?: Readonly<Record<string, string>>;
}

/** A list of version 3 is the only one that its store knows: what it says is taken as said by that list. */
const SAID_BY_ONE_LIST = '(select max(version) from old_registry_version)';

const FILLINGS: ReadonlyMap<number, Readonly<Record<string, Filling | null>>> = new Map([
  [
    3,
    {
      // The next look of the detectors makes them anew.
      finding: null,
      registry_list: { from: 'registry_version' },
      ...Object.fromEntries(REGISTRY_TABLES.map(({ table }) => [table, { plus: { since_version: SAID_BY_ONE_LIST } }])),
    },
  ],
  [
    4,
    {
      chain: { plus: { version: '4', commit_number: '0' } },
      // No scan had a sender: what brought it was its source.
      named_scan: {
        plus: { scan_digest: ofRow('named_scan', 'scan_digest'), brought_by: ofRow('named_scan', 'source') },
      },
      suspect_scan: {
        plus: { scan_digest: ofRow('suspect_scan', 'scan_digest'), brought_by: ofRow('suspect_scan', 'source') },
      },
      revision: { plus: { plant: ofRow('revision', 'plant') } },
    },
  ],
]);

/** What the evidence says of the scan in a row of an old table; null where it has left for an archive. */
function ofRow(table: string, column: string): string {
  return `(select any_value(${column}) from evidence where evidence.row_id = old_${table}.row_id)`;
}

/** Versions that can be brought up. */
export const OLD_VERSIONS: readonly number[] = [...OLD_TABLES.keys()];

/**
 * Brings the tables of a store up from an older version, whose tables it has (old-tables.ts). Evidence stays where it
 * is and gets the columns that came since; all other tables are made anew, and filled from the old ones. To be called
 * within a transaction, once views and macros are dropped.
 */
export async function migrate(connection: DuckDBConnection, version: number): Promise<void> {
  const old = OLD_TABLES.get(version) ?? {};
  const kept = ['evidence', 'store_version'];
  const renewed = Object.keys(old).filter((table) => !kept.includes(table));
  for (const table of renewed) await connection.run(`alter table ${table} rename to old_${table}`);
  await connection.run(RENEWED_TABLES_SQL);
  const evidence = new Set(old.evidence?.split(' '));
  for (const { name, type } of EVIDENCE_COLUMNS) {
    if (!evidence.has(name)) await connection.run(`alter table evidence add column ${name} ${type.toString()}`);
  }
  const fillings = new Map<string, Filling | null>([
    ...renewed.map((table) => [table, {}] as const),
    ...Object.entries(FILLINGS.get(version) ?? {}),
  ]);
  for (const [table, filling] of fillings) {
    if (filling === null) continue;
    const from = filling.from ?? table;
    const added = Object.entries(filling.plus ?? {}).map(([name, sql]) => `${sql} as ${name}`);
    const columns = [...(old[from]?.split(' ') ?? []), ...added].join(', ');
    await connection.run(`insert into ${table} by name select ${columns} from old_${from} order by rowid`);
  }
  for (const table of renewed) await connection.run(`drop table old_${table}`);
  await connection.run(VIEWS_SQL);
  await connection.run(`update store_version set version = ${SCHEMA_VERSION}`);
}

/** Views and macros: what is made of the tables, and what somebody put in its place or before DuckDB's own functions. */
export async function dropDerived(connection: DuckDBConnection, catalog: readonly CatalogEntry[]): Promise<void> {
  for (const { kind, name, definition } of catalog) {
    if (kind === 'view') await connection.run(`drop view if exists ${quotedName(name)}`);
    if (kind === 'macro') {
      const what = definition.startsWith('table_macro') ? 'macro table' : 'macro';
      await connection.run(`drop ${what} if exists ${quotedName(name)}`);
    }
  }
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
