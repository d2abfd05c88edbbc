import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { ARCHIVE_SEALS, sealsOf } from './audit/seals.ts';
import { attachPart, holdMoving, partOf } from './lake/forget.ts';
import { isLake } from './lake/lake-folder.ts';
import { LINKS } from './lake/lake-tables.ts';
import { parquetOf } from './lake/lake-views.ts';
import {
  type ArchivingStore,
  chooseMoving,
  DAY,
  describeMoving,
  forgetMoving,
  IS_MOVING,
  MOVING_ROWS,
  type Moved,
  refuseChanged,
} from './moving.ts';
import { asPattern, parquetFiles, parquetIn } from './queries/parquet-paths.ts';
import { EVIDENCE_COLUMNS } from './schema/columns.ts';
import { moveIn } from './staging.ts';
import { StoreError } from './store-error.ts';
import { asBigint, asText, quoted } from './values.ts';

export interface ArchiveOptions {
  readonly folder: string;
  /** Batches go whose scans are all older. */
  readonly beforeMs: number;
  /** The rows also stay in the store: the archive is a copy to restore it from. */
  readonly keep: boolean;
}

/** Under the archive, so that what is written there takes its place by a rename. */
const STAGING = '.writing';

const NAMES = EVIDENCE_COLUMNS.map(({ name }) => name).join(', ');

/**
 * Writes whole batches of evidence to `FOLDER/evidence/day=YYYY-MM-DD/` as Parquet, which any lake engine reads, and
 * their links to `FOLDER/links/`. Nothing changed goes in: the rows are compared with their links before, and what was
 * written is read again and compared before it takes its place. Rows leave the store when all that is on the disk.
 *
 * @throws StoreError when rows are not what was recorded.
 */
export async function archive(store: ArchivingStore, { folder, beforeMs, keep }: ArchiveOptions): Promise<Moved> {
  const { connection } = store;
  await chooseMoving(connection, { beforeMs, all: keep });
  const moved = await describeMoving(connection, 'evidence');
  if (moved.batches === 0) return moved;
  await refuseChanged(connection, folder, 'evidence');
  const range = await connection.runAndReadAll('select min(first_row), max(first_row + row_count) - 1 from moving');
  const [first, last] = range.getRows()[0] ?? [];
  const name = `rows-${asBigint(first)}-${asBigint(last)}`;
  const staging = join(folder, STAGING);
  // Refused before anything is written that could not be read.
  asPattern(staging);
  await rm(staging, { recursive: true, force: true });
  await mkdir(join(staging, 'links'), { recursive: true });
  await connection.run(
    `copy (select ${NAMES}, ${DAY} as day from evidence where row_id in (${MOVING_ROWS}) order by row_id)
     to ${quoted(join(staging, 'evidence'))} (format parquet, partition_by (day), filename_pattern '${name}-{i}')`,
  );
  await connection.run(
    `copy (from chain where ${IS_MOVING} order by first_row)
     to ${quoted(join(staging, 'links', `${name}.parquet`))} (format parquet)`,
  );
  await attach(connection, staging);
  await refuseChanged(connection, folder, 'archived');
  await moveIn(staging, folder);
  if (keep) return moved;
  await forgetMoving(store, { archive: folder, ...moved });
  return moved;
}

/**
 * Brings archived batches back into the store that they left.
 *
 * @throws StoreError when they are not what was recorded.
 */
export async function unarchive(
  store: ArchivingStore,
  folder: string,
  partition: number | null = null,
): Promise<Moved> {
  const { connection } = store;
  await attach(connection, folder, partition);
  await connection.run(
    `create or replace temp table moving as
     select first_row, row_count, digest, version from chain
     where is_archived and row_count > 0 and first_row in (select row_id from archived)`,
  );
  await refuseChanged(connection, folder, await comparable(connection, folder));
  await refuseDoubled(connection, folder);
  const moved = await describeMoving(connection, 'archived');
  if (moved.batches === 0) return moved;
  await store.transaction(async () => {
    await connection.run(
      `insert into evidence select ${NAMES} from archived where row_id in (${MOVING_ROWS}) order by row_id`,
    );
    await connection.run(`update chain set is_archived = false where ${IS_MOVING}`);
    await connection.run('delete from seen_page where not exists (from chain where is_archived)');
    const seals = await sealsOf(connection, ARCHIVE_SEALS);
    return { event: 'unarchived', detail: { archive: folder, ...moved }, seals };
  });
  return moved;
}

/**
 * Fills a new store with all that an archive holds, in the order in which it was recorded. The rows get new numbers,
 * since what was not archived may be missing between them.
 *
 * @throws StoreError when they are not what was recorded.
 */
export async function fillFrom(
  connection: DuckDBConnection,
  folder: string,
  partition: number | null = null,
): Promise<Moved> {
  await attach(connection, folder, partition);
  const links = isLake(folder)
    ? parquetOf(resolve(folder), partOf(folder, partition).tables[LINKS]?.files ?? [])
    : `read_parquet(${parquetFiles(parquetIn(join(folder, 'links')))}, union_by_name = true)`;
  const version = (await namesIn(connection, links)).has('version') ? 'coalesce(version, 4)' : '4';
  await connection.run(
    `create or replace temp table moving as
     select distinct first_row, row_count, digest, ${version} as version from ${links} where row_count > 0`,
  );
  await refuseChanged(connection, folder, await comparable(connection, folder));
  const moved = await describeMoving(connection, 'archived');
  await connection.run(
    `insert into evidence select row_number() over (order by row_id), ${NAMES.replace('row_id, ', '')}
     from archived where row_id in (${MOVING_ROWS}) order by row_id`,
  );
  return moved;
}

/** What the links of `moving` are compared with: a lake, whose rows are sorted otherwise, is sorted once. */
async function comparable(connection: DuckDBConnection, folder: string): Promise<'archived' | 'held'> {
  if (!isLake(folder)) return 'archived';
  await holdMoving(connection);
  return 'held';
}

/** The rows of an archive, or of a partition of a lake, as the view `archived`; a row that was written twice is one row. */
export async function attach(
  connection: DuckDBConnection,
  folder: string,
  partition: number | null = null,
): Promise<void> {
  if (isLake(folder)) return attachPart(connection, folder, partOf(folder, partition));
  const files = existsSync(join(folder, 'evidence')) ? evidenceFiles(folder) : [];
  if (files.length === 0) {
    throw new StoreError(`${folder}: no archive; 'indicia archive' writes one as soon as it has a day to move`);
  }
  const rows = `read_parquet(${parquetFiles(files)}, hive_partitioning = false, union_by_name = true)`;
  const known = await namesIn(connection, rows);
  const columns = EVIDENCE_COLUMNS.map(({ name, type }) => (known.has(name) ? name : `null::${type} as ${name}`));
  await connection.run(
    `create or replace temp view archived as select distinct on (row_id) ${columns.join(', ')} from ${rows}`,
  );
}

/** One folder for each day. */
function evidenceFiles(folder: string): string[] {
  const days = readdirSync(join(folder, 'evidence'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return days.flatMap(({ name }) => parquetIn(join(folder, 'evidence', name)));
}

/** Columns of files that versions of this program wrote, of which later ones have more. */
async function namesIn(connection: DuckDBConnection, files: string): Promise<ReadonlySet<string>> {
  const described = await connection.runAndReadAll(`describe from ${files}`);
  return new Set(described.getRows().map(([name]) => asText(name)));
}

/** A scan that was delivered again while it was away is in the store already, and must not be there twice. */
async function refuseDoubled(connection: DuckDBConnection, folder: string): Promise<void> {
  const doubled = await connection.runAndReadAll(
    `select scan_id from (from archived where row_id in (${MOVING_ROWS}))
     semi join evidence using (scan_id, scan_digest) limit 1`,
  );
  const [first] = doubled.getRows();
  if (first === undefined) return;
  throw new StoreError(
    `${folder}: scan ${asText(first[0])} was delivered again while it was archived; restore into a new store instead`,
  );
}
