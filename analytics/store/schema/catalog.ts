import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { asText, asTextOrNull, asTextsOrNull } from '../values.ts';
import { TABLES_SQL, VIEWS_SQL } from './schema.ts';

/** An entry in the catalog of a store. Types, indexes and the like have the kind `other`. */
export interface CatalogEntry {
  readonly kind: 'table' | 'view' | 'macro' | 'other';
  readonly name: string;
  /** As DuckDB writes it: of a table the columns with their types, defaults and constraints. */
  readonly definition: string;
}

export interface CatalogDifference {
  readonly kind: CatalogEntry['kind'];
  readonly name: string;
  readonly difference: 'missing' | 'foreign' | 'other';
}

/**
 * Macros of a store stand before DuckDB's own functions and operators, `sha256` and `+` as well. So the functions below are
 * named with their schema, the statements hold no operator, and all else is done here, before anything else is asked of
 * a store.
 */
const CATALOG_SQL: readonly (readonly [kind: CatalogEntry['kind'], sql: string])[] = [
  ['table', 'select schema_name, table_name, sql from system.main.duckdb_tables() where not temporary'],
  ['view', 'select schema_name, view_name, sql from system.main.duckdb_views() where not internal'],
  [
    'macro',
    `select schema_name, function_name, macro_definition, function_type, parameters
     from system.main.duckdb_functions() where not internal`,
  ],
  ['other', 'select schema_name, index_name, sql from system.main.duckdb_indexes()'],
  ['other', 'select schema_name, sequence_name, sql from system.main.duckdb_sequences()'],
  ['other', 'select schema_name, type_name, logical_type from system.main.duckdb_types() where not internal'],
  ['other', 'select schema_name, schema_name, sql from system.main.duckdb_schemas() where not internal'],
];

/** Everything but what DuckDB brings itself. */
export async function catalogOf(connection: DuckDBConnection): Promise<CatalogEntry[]> {
  const entries: CatalogEntry[] = [];
  for (const [kind, sql] of CATALOG_SQL) {
    const found = await connection.runAndReadAll(sql);
    for (const [schema, name, definition, type, parameters] of found.getRows()) {
      const place = asText(schema) === 'main' ? '' : `${asText(schema)}.`;
      const signature = kind === 'macro' ? `${asText(type)}(${asTextsOrNull(parameters)?.join(', ')}) ` : '';
      entries.push({
        kind,
        name: `${place}${asText(name)}`,
        definition: `${signature}${asTextOrNull(definition) ?? ''}`,
      });
    }
  }
  return entries;
}

let known: Promise<readonly CatalogEntry[]> | null = null;

/** What a store of this program holds: that of a new one in memory. Made once a process, in some 30 ms. */
export function expectedCatalog(): Promise<readonly CatalogEntry[]> {
  known ??= catalogOfNew();
  return known;
}

async function catalogOfNew(): Promise<readonly CatalogEntry[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(`begin; ${TABLES_SQL} ${VIEWS_SQL} commit;`);
    return await catalogOf(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** In the order of the names. A macro of several forms is compared form by form. */
export function differencesOf(
  found: readonly CatalogEntry[],
  expected: readonly CatalogEntry[],
): readonly CatalogDifference[] {
  const keyOf = ({ kind, name }: CatalogEntry) => `${kind} ${name}`;
  const definitions = ({ kind, name }: CatalogEntry, entries: readonly CatalogEntry[]) =>
    entries
      .filter((entry) => entry.kind === kind && entry.name === name)
      .map(({ definition }) => definition)
      .toSorted();
  const all = new Map([...expected, ...found].map((entry) => [keyOf(entry), entry]));
  return [...all.values()]
    .flatMap((entry): CatalogDifference[] => {
      const { kind, name } = entry;
      const [here, there] = [definitions(entry, found), definitions(entry, expected)];
      if (JSON.stringify(here) === JSON.stringify(there)) return [];
      return [{ kind, name, difference: here.length === 0 ? 'missing' : there.length === 0 ? 'foreign' : 'other' }];
    })
    .toSorted((one, other) => (keyOf({ ...one, definition: '' }) < keyOf({ ...other, definition: '' }) ? -1 : 1));
}

const SAYS: Record<CatalogDifference['difference'], string> = {
  missing: 'is missing',
  foreign: 'does not belong there',
  other: 'is not that of this program',
};

export function differenceSentence({ kind, name, difference }: CatalogDifference): string {
  return `the ${kind === 'other' ? 'object' : kind} ${JSON.stringify(name)} ${SAYS[difference]}`;
}
