import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  UBIGINT,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { plural, type RegistryRecords } from '../../../indicium/index.ts';
import { ValueAppender } from '../append.ts';
import { StoreError } from '../store-error.ts';
import { asBigint } from '../values.ts';

/** One table of the registry: its columns, and its rows as a trust list has them. */
interface RegistryTable {
  readonly table: string;
  readonly columns: readonly (readonly [name: string, type: DuckDBType])[];
  readonly rows: (registry: RegistryRecords) => readonly DuckDBValue[][];
}

const big = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

export const REGISTRY_TABLES: readonly RegistryTable[] = [
  {
    table: 'registry_license',
    columns: [
      ['license', BIGINT],
      ['holder', VARCHAR],
      ['town', VARCHAR],
      ['deposit_postcode', VARCHAR],
      ['psd_limit', BIGINT],
      ['valid_from_ms', BIGINT],
      ['valid_to_ms', BIGINT],
      ['revoked_at_ms', BIGINT],
    ],
    rows: ({ licenses }) =>
      licenses.map((entry) => [
        big(entry.license),
        entry.holder,
        entry.town,
        entry.depositPostcode,
        big(entry.psdLimit),
        big(entry.validFromMs),
        big(entry.validToMs),
        big(entry.revokedAtMs),
      ]),
  },
  {
    table: 'registry_grant',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['granted_at_ms', BIGINT],
      ['ended_at_ms', BIGINT],
    ],
    rows: ({ grants }) =>
      grants.map((entry) => [big(entry.license), entry.psd, big(entry.grantedAtMs), big(entry.endedAtMs)]),
  },
  {
    table: 'registry_psd',
    columns: [
      ['psd', VARCHAR],
      ['user_name', VARCHAR],
    ],
    rows: ({ psds }) => psds.map((entry) => [entry.psd, entry.user]),
  },
  {
    table: 'registry_funds',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['refill', BIGINT],
      ['amount_mills', BIGINT],
      ['paid_at_ms', BIGINT],
    ],
    rows: ({ funds }) =>
      funds.map((entry) => [
        big(entry.license),
        entry.psd,
        big(entry.refill),
        big(entry.amountMills),
        big(entry.paidAtMs),
      ]),
  },
  {
    table: 'registry_refund',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['piece_count', UBIGINT],
      ['amount_mills', BIGINT],
      ['refunded_at_ms', BIGINT],
    ],
    rows: ({ refunds }) =>
      refunds.map((entry) => [
        big(entry.license),
        entry.psd,
        entry.pieceCount,
        big(entry.amountMills),
        big(entry.refundedAtMs),
      ]),
  },
  {
    table: 'registry_rate',
    columns: [
      ['rate_category', INTEGER],
      ['weight_grams_max', INTEGER],
      ['postage_mills', BIGINT],
      ['valid_from_ms', BIGINT],
      ['valid_to_ms', BIGINT],
    ],
    rows: ({ rates }) =>
      rates.map((entry) => [
        entry.rateCategory,
        entry.weightGramsMax,
        big(entry.postageMills),
        big(entry.validFromMs),
        big(entry.validToMs),
      ]),
  },
  {
    table: 'registry_plant',
    columns: [
      ['plant', VARCHAR],
      ['postcode', VARCHAR],
      ['latitude', DOUBLE],
      ['longitude', DOUBLE],
    ],
    rows: ({ plants }) =>
      plants.map((entry) => [entry.plant, entry.postcode, entry.latitude ?? null, entry.longitude ?? null]),
  },
  {
    table: 'registry_withdrawal',
    columns: [
      ['license', BIGINT],
      ['psd', VARCHAR],
      ['epoch', UINTEGER],
      ['piece_count', UBIGINT],
      ['ascending_mills', BIGINT],
      ['returned_mills', BIGINT],
      ['withdrawn_at_ms', BIGINT],
    ],
    rows: ({ withdrawals }) =>
      withdrawals.map((entry) => [
        big(entry.license),
        entry.psd,
        entry.epoch,
        entry.pieceCount,
        big(entry.ascendingMills),
        big(entry.returnedMills),
        big(entry.withdrawnAtMs),
      ]),
  },
];

/**
 * Takes a trust list in. What older lists said stays, with the versions from which and until which it was said; the
 * views without a version show what the newest says. To be called within a transaction. False where the list is the one
 * that is there already.
 *
 * @throws StoreError where the tables contradict that list.
 */
export async function takeInRegistry(connection: DuckDBConnection, registry: RegistryRecords): Promise<boolean> {
  const { version, digest, issuedAtMs } = registry;
  const known = await connection.runAndReadAll('select version, digest from registry_version');
  const [last] = known.getRows();
  const isKnown = last !== undefined && last[0] === BigInt(version) && last[1] === digest;
  for (const table of REGISTRY_TABLES) {
    const differing = await compare(connection, table, registry);
    if (isKnown && differing > 0n) {
      throw new StoreError(
        `the store contradicts registry version ${version} in ${plural(differing, 'row')} of the table "${table.table}": it was changed`,
        'not-whole',
      );
    }
    if (!isKnown) await takeIn(connection, table, registry);
  }
  if (isKnown) return false;
  await connection.run('delete from registry_version');
  const values = [BigInt(version), digest, BigInt(issuedAtMs)];
  await connection.run('insert into registry_version values ($1, $2, $3)', values);
  await connection.run(
    `insert into registry_list select $1, $2, $3
     where not exists (from registry_list where version = $1 and digest = $2)`,
    values,
  );
  return true;
}

/**
 * Puts the rows that the list does not have any more into `ended`, and those that it has first into `added`; gives how many.
 * Rows are known by all they say; of several that say the same, each is one.
 */
async function compare(
  connection: DuckDBConnection,
  { table, columns, rows }: RegistryTable,
  registry: RegistryRecords,
): Promise<bigint> {
  const types = columns.map(([, type]) => type);
  const names = namesOf(columns);
  await connection.run(`create or replace temp table incoming as select ${names} from ${table} limit 0`);
  const list = rows(registry);
  const incoming = new ValueAppender(connection, 'incoming', types);
  await incoming.append(list.length, (from, to) => {
    const slice = list.slice(from, to);
    return types.map((_, column) => slice.map((row) => row[column] ?? null));
  });
  incoming.close();
  const numbered = (of: string, what: string) =>
    `(select ${what}${names}, row_number() over (partition by ${names}) as instance from ${of})`;
  const isSame = ['instance', ...columns.map(([name]) => name)]
    .map((name) => `old.${name} is not distinct from new.${name}`)
    .join(' and ');
  const current = numbered(`${table} where until_version is null`, 'rowid as place, ');
  await connection.run(`create or replace temp table ended as
    select place from ${current} as old anti join ${numbered('incoming', '')} as new on ${isSame}`);
  await connection.run(`create or replace temp table added as
    select ${names} from ${numbered('incoming', '')} as new anti join ${current} as old on ${isSame}`);
  const counted = await connection.runAndReadAll('select (select count(*) from ended) + (select count(*) from added)');
  return asBigint(counted.getRows()[0]?.[0]);
}

/** What `compare` found becomes what this list says. */
async function takeIn(
  connection: DuckDBConnection,
  { table, columns }: RegistryTable,
  { version }: RegistryRecords,
): Promise<void> {
  await connection.run(`update ${table} set until_version = ${version} where rowid in (select place from ended)`);
  await connection.run(`insert into ${table} select ${namesOf(columns)}, ${version}, null from added`);
}

function namesOf(columns: RegistryTable['columns']): string {
  return columns.map(([name]) => name).join(', ');
}
