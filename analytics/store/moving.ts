import type { DuckDBConnection } from '@duckdb/node-api';
import { digestOf } from './audit/chain.ts';
import { ARCHIVE_SEALS, sealsOf } from './audit/seals.ts';
import { columnsOfVersion } from './schema/columns.ts';
import { readStoredRows } from './schema/stored-columns.ts';
import type { BesideStore } from './side-connections.ts';
import { StoreError } from './store-error.ts';
import { asBigint, asBytes, asInteger, asTexts } from './values.ts';

/** Rows that went to an archive, or came back. */
export interface Moved {
  readonly rows: number;
  readonly batches: number;
  /** `YYYY-MM-DD`, in their order. */
  readonly days: readonly string[];
}

/** The store that rows leave and come back to. */
export type ArchivingStore = Pick<BesideStore, 'connection' | 'transaction'>;

/** Scans whose plant did not say when they were made lie in the first day of all. */
export const DAY = `strftime(epoch_ms(coalesce(scanned_at_ms, 0)), '%Y-%m-%d')`;
/** Batches that are moved, as rows of the chain. */
export const IS_MOVING = 'row_count > 0 and first_row in (select first_row from moving)';
export const MOVING_ROWS = 'select unnest(range(first_row, first_row + row_count)) from moving';

/** Makes the temporary table `moving` of the links whose scans are all older than a time, or of all links. */
export async function chooseMoving(
  connection: DuckDBConnection,
  { beforeMs, all }: { readonly beforeMs: number; readonly all: boolean },
): Promise<void> {
  // A scan of which nobody said when it was made is never older than anything.
  await connection.run(
    `create or replace temp table moving as
     select first_row, row_count, digest, version from chain
     where not is_archived and row_count > 0 and ($2 or not exists (
       from evidence where row_id between first_row and first_row + row_count - 1
         and coalesce(scanned_at_ms, $1) >= $1))`,
    [BigInt(beforeMs), all],
  );
}

/** Takes the rows of `moving` out of the store, which goes on knowing that their pieces were seen. */
export async function forgetMoving(store: ArchivingStore, detail: object): Promise<void> {
  const { connection } = store;
  await store.transaction(async () => {
    await connection.run(
      `insert into seen_page
       select license, psd, piece_count >> 6, bit_or(1::ubigint << (piece_count & 63)::ubigint)
       from pieces where genuine and row_id in (${MOVING_ROWS}) group by license, psd, piece_count >> 6`,
    );
    await connection.run(`delete from evidence where row_id in (${MOVING_ROWS})`);
    await connection.run(`update chain set is_archived = true where ${IS_MOVING}`);
    return {
      event: 'archived',
      detail,
      seals: await sealsOf(connection, ARCHIVE_SEALS),
    };
  });
  await connection.run('checkpoint');
}

/** `table` holds the rows to be compared. */
export async function refuseChanged(
  connection: DuckDBConnection,
  folder: string,
  table: 'evidence' | 'archived' | 'held',
): Promise<void> {
  const links = await connection.runAndReadAll(
    'select first_row, row_count, digest, version from moving order by first_row',
  );
  for (const [firstRow, rowCount, digest, version] of links.getRows()) {
    const first = asBigint(firstRow);
    const last = first + asBigint(rowCount) - 1n;
    const { rowIds, columns } = await readStoredRows(connection, first, last, table);
    const { covered } = columnsOfVersion(columns, asInteger(version));
    const isSame =
      rowIds.length === asInteger(rowCount) && Buffer.compare(digestOf(covered, rowIds.length), asBytes(digest)) === 0;
    if (isSame) continue;
    const where = table === 'evidence' ? 'the store' : folder;
    throw new StoreError(`${where}: rows ${first} to ${last} are not what was recorded`);
  }
}

export async function describeMoving(connection: DuckDBConnection, table: string): Promise<Moved> {
  const batches = await connection.runAndReadAll('select count(*) from moving');
  const result = await connection.runAndReadAll(
    `select count(*), coalesce(list_sort(list(distinct ${DAY})), []::varchar[])
     from ${table} where row_id in (${MOVING_ROWS})`,
  );
  const [rows, days] = result.getRows()[0] ?? [];
  return { rows: asInteger(rows), batches: asInteger(batches.getRows()[0]?.[0]), days: asTexts(days) };
}
