import type { DuckDBConnection } from '@duckdb/node-api';
import { plural, type RegistryRecords } from '../../../indicium/index.ts';
import { ValueAppender } from '../append.ts';
import { StoreError } from '../store-error.ts';
import { asBigint } from '../values.ts';
import { REGISTRY_TABLES, type RegistryTable } from './registry-tables.ts';

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
  const current = await countCurrent(connection);
  for (const [place, table] of REGISTRY_TABLES.entries()) {
    const difference = await compare(connection, table, registry, current[place] === 0n);
    const differing = difference.ended + difference.added;
    if (isKnown && differing > 0n) {
      throw new StoreError(
        `the store contradicts registry version ${version} in ${plural(differing, 'row')} of the table "${table.table}": it was changed`,
        'not-whole',
      );
    }
    if (!isKnown) await takeIn(connection, table, registry, difference);
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

/** How many rows each table has of the list that was taken in last. */
async function countCurrent(connection: DuckDBConnection): Promise<bigint[]> {
  const counts = REGISTRY_TABLES.map(({ table }) => `(select count(*) from ${table} where until_version is null)`);
  const counted = await connection.runAndReadAll(`select ${counts.join(', ')}`);
  return (counted.getRows()[0] ?? []).map(asBigint);
}

/** How many rows of a table a list does not have any more, and how many it has first. */
interface Difference {
  readonly ended: bigint;
  readonly added: bigint;
}

/**
 * Puts the rows that the list does not have any more into `ended`, and those that it has first into `added`; gives how many.
 * Rows are known by all they say; of several that say the same, each is one. Where a table has none of the last list, all are added,
 * and nothing is compared: that takes 13 ms a table.
 */
async function compare(
  connection: DuckDBConnection,
  { table, columns, rows }: RegistryTable,
  registry: RegistryRecords,
  isNew: boolean,
): Promise<Difference> {
  const types = columns.map(([, type]) => type);
  const names = namesOf(columns);
  const list = rows(registry);
  if (isNew && list.length === 0) return { ended: 0n, added: 0n };
  const into = isNew ? 'added' : 'incoming';
  await connection.run(`create or replace temp table ${into} as select ${names} from ${table} limit 0`);
  const incoming = new ValueAppender(connection, into, types);
  await incoming.append(list.length, (from, to) => {
    const slice = list.slice(from, to);
    return types.map((_, column) => slice.map((row) => row[column] ?? null));
  });
  incoming.close();
  if (isNew) return { ended: 0n, added: BigInt(list.length) };
  const numbered = (of: string, what: string) =>
    `(select ${what}${names}, row_number() over (partition by ${names}) as instance from ${of})`;
  const isSame = ['instance', ...columns.map(([name]) => name)]
    .map((name) => `old.${name} is not distinct from new.${name}`)
    .join(' and ');
  const current = numbered(`${table} where until_version is null`, 'rowid as place, ');
  const tableOf = async (name: string, sql: string) => {
    const made = await connection.runAndReadAll(`create or replace temp table ${name} as ${sql}`);
    return asBigint(made.getRows()[0]?.[0]);
  };
  const ended = await tableOf(
    'ended',
    `select place from ${current} as old anti join ${numbered('incoming', '')} as new on ${isSame}`,
  );
  const added = await tableOf(
    'added',
    `select ${names} from ${numbered('incoming', '')} as new anti join ${current} as old on ${isSame}`,
  );
  return { ended, added };
}

/** What `compare` found becomes what this list says. */
async function takeIn(
  connection: DuckDBConnection,
  { table, columns }: RegistryTable,
  { version }: RegistryRecords,
  { ended, added }: Difference,
): Promise<void> {
  if (ended > 0n) {
    await connection.run(`update ${table} set until_version = ${version} where rowid in (select place from ended)`);
  }
  if (added > 0n) await connection.run(`insert into ${table} select ${namesOf(columns)}, ${version}, null from added`);
}

function namesOf(columns: RegistryTable['columns']): string {
  return columns.map(([name]) => name).join(', ');
}
