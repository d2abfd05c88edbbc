import type { DuckDBConnection } from '@duckdb/node-api';
import { plural } from '../../../indicium/index.ts';
import { GROUP_ROWS_MAX } from '../../limits.ts';
import { readAnchor, readOldAnchor } from '../audit/anchor.ts';
import type { Author } from '../audit/author.ts';
import { NO_HEAD } from '../audit/chain.ts';
import { chainEnd } from '../audit/chain-table.ts';
import { standingOf } from '../audit/integrity.ts';
import { NO_LEDGER } from '../audit/ledger.ts';
import { PositionDigest } from '../audit/position-digest.ts';
import { sealAll } from '../audit/sealing.ts';
import { EMPTY_SEALS, sealsOf } from '../audit/seals.ts';
import { noteIn, type StoreEnd } from '../commits.ts';
import { readPositions } from '../source-positions.ts';
import { StoreError } from '../store-error.ts';
import { asBigint, asBytes, asText } from '../values.ts';
import { catalogOf } from './catalog.ts';
import { migrate, OLD_VERSIONS } from './migrations.ts';
import { OLD_TABLES } from './old-tables.ts';
import { SCHEMA_VERSION } from './schema.ts';

/** Whether a store says that it is of a version that can be brought up. */
export function isOld(version: number): boolean {
  return OLD_VERSIONS.includes(version);
}

/** The first version whose store says by itself whether it is whole. */
const SEALED_SINCE = 5;

/**
 * What speaks against taking a store for one of the older version that it claims to be: anyone who may write the file can
 * lower its version and remove what would find him out. The anchor of version 4 confirms its chain; version 3 had
 * neither, so nobody but a person can say that it is what it was.
 */
async function doubtsAbout(
  path: string,
  connection: DuckDBConnection,
  version: number,
  strange: readonly string[],
): Promise<string[]> {
  const doubts = [...strange];
  if (readAnchor(path) !== null) doubts.push('the anchor beside it is of a later version');
  if (version < 4) doubts.push(`stores of version ${version} had no chain and no anchor that would confirm it`);
  else if (doubts.length === 0) doubts.push(...(await anchorDoubts(path, connection)));
  return doubts;
}

/** Tables and columns that a store of this version does not have, or lacks. */
async function strangeTables(connection: DuckDBConnection, version: number): Promise<string[]> {
  const expected = OLD_TABLES.get(version) ?? {};
  const catalog = await catalogOf(connection);
  const others = catalog.filter(({ kind }) => kind === 'other');
  const found = await connection.runAndReadAll(
    'select table_name, column_name from system.main.duckdb_columns() where not internal order by column_index',
  );
  const tables = new Set(catalog.flatMap(({ kind, name }) => (kind === 'table' ? [name] : [])));
  const columns = new Map([...tables].map((table) => [table, [] as string[]]));
  for (const [table, column] of found.getRows()) columns.get(asText(table))?.push(asText(column));
  const strange = [...columns].flatMap(([table, names]) => {
    const known = expected[table];
    if (known === undefined) return [`the table "${table}" is of no store of version ${version}`];
    return names.join(' ') === known ? [] : [`the table "${table}" has other columns than in version ${version}`];
  });
  const missing = Object.keys(expected).filter((table) => !tables.has(table));
  return [
    ...strange,
    ...missing.map((table) => `the table "${table}" is missing`),
    ...others.map(({ name }) => `the object "${name}" is of no store of version ${version}`),
  ];
}

/** The last transaction before a kill may have had several links, of so many rows together, or one of any size. */
async function anchorDoubts(path: string, connection: DuckDBConnection): Promise<string[]> {
  const anchored = readOldAnchor(path);
  if (anchored === null) return ['the anchor of version 4, which would confirm it, is missing beside it'];
  const result = await connection.runAndReadAll('select first_row, row_count, head from chain order by first_row');
  let head: Uint8Array = NO_HEAD;
  let rows = 0n;
  let linksAfter = 0;
  let confirmed = anchored.rows === 0n && Buffer.compare(anchored.head, NO_HEAD) === 0;
  for (const [firstRow, count, next] of result.getRows()) {
    rows = asBigint(firstRow) + asBigint(count) - 1n;
    head = asBytes(next);
    if (rows > anchored.rows) linksAfter += 1;
    if (rows === anchored.rows) confirmed = Buffer.compare(anchored.head, head) === 0;
  }
  if (anchored.rows > rows) return [`its anchor names ${plural(anchored.rows, 'row')}, and it has ${rows}`];
  if (!confirmed) return ['its rows are not those that its anchor names'];
  if (linksAfter > 1 && rows - anchored.rows > BigInt(GROUP_ROWS_MAX)) {
    return [
      `${rows - anchored.rows} rows came after those that its anchor names, where a kill leaves one commit at most`,
    ];
  }
  return [];
}

/**
 * Brings a store of an older version up, within a transaction that is open, once its views and macros are dropped. What it
 * says is noted in its ledger: from which version, and what confirmed it, or who took it on trust.
 *
 * @throws StoreError where nothing confirms it and nobody accepted it, or where its tables are not those of its version.
 */
export async function upgrade(
  path: string,
  connection: DuckDBConnection,
  version: number,
  author: Author,
  isAccepted: boolean,
): Promise<{ readonly end: StoreEnd; readonly positions: ReadonlyMap<string, string>; readonly sentence: string }> {
  const strange = await strangeTables(connection, version);
  const standing =
    version >= SEALED_SINCE && strange.length === 0
      ? await standingOf(path, connection, 'writing', new Set(Object.keys(OLD_TABLES.get(version) ?? {})))
      : null;
  const doubts =
    standing === null
      ? await doubtsAbout(path, connection, version, strange)
      : standing.problems.map(({ detail }) => detail);
  if (doubts.length > 0 && !isAccepted) {
    throw new StoreError(
      `${path}: says that it is a store of version ${version}, and is not brought up: ${doubts.join('; ')}. Find out why; 'indicia doctor --db ${path} --accept' takes it as it is, and notes in its ledger who did`,
      'unconfirmed',
    );
  }
  if (strange.length > 0) {
    throw new StoreError(
      `${path}: was changed, and cannot be brought up from version ${version}: ${strange.join('; ')}`,
      'not-whole',
    );
  }
  await migrate(connection, version);
  const positions = (await readPositions(connection)) ?? new Map<string, string>();
  const before: StoreEnd = standing?.end ?? {
    commitNumber: 0n,
    chain: await chainEnd(connection),
    ledger: NO_LEDGER,
    seals: EMPTY_SEALS,
  };
  const chain = await sealAll(connection, before, PositionDigest.of(positions).bytes());
  const confirmed = doubts.length === 0 ? 'its anchor' : null;
  const end = await noteIn(
    connection,
    { ...before, chain },
    {
      event: doubts.length === 0 ? 'upgraded' : 'accepted',
      detail: {
        fromVersion: version,
        toVersion: SCHEMA_VERSION,
        confirmedBy: confirmed,
        doubts,
        rows: `${chain.rows}`,
        head: Buffer.from(chain.head).toString('hex'),
        sources: positions.size,
      },
      seals: await sealsOf(connection),
    },
    author,
  );
  const how = confirmed === null ? 'accepted as it was' : `confirmed by ${confirmed}`;
  return {
    end,
    positions,
    sentence: `${path}: brought up from version ${version} to ${SCHEMA_VERSION}, ${how}: ${plural(chain.rows, 'row')}`,
  };
}
