import { resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type ArchivingStore,
  chooseMoving,
  describeMoving,
  forgetMoving,
  MOVING_ROWS,
  type Moved,
  refuseChanged,
} from '../moving.ts';
import { StoreError } from '../store-error.ts';
import { asBigintOrNull } from '../values.ts';
import { partitionName, readLake } from './lake-folder.ts';
import { evidenceSql } from './lake-views.ts';
import type { Manifest } from './manifest.ts';
import { isOfChain } from './stage-rows.ts';

/**
 * Takes batches out of a store whose scans are all older than a time, once the lake is known to hold exactly these rows.
 *
 * @throws StoreError where the lake is of another store, lacks rows that are to go, or holds others than were recorded.
 */
export async function forgetInto(
  store: ArchivingStore,
  folder: string,
  options: { readonly beforeMs: number; readonly partition: number | null },
): Promise<Moved> {
  const { connection } = store;
  const manifest = partOf(folder, options.partition);
  if (!(await isOfChain(connection, manifest))) throw new StoreError(`${folder}: a lake of another store`);
  await chooseMoving(connection, { beforeMs: options.beforeMs, all: false });
  const moved = await describeMoving(connection, 'evidence');
  if (moved.batches === 0) return moved;
  const result = await connection.runAndReadAll('select max(first_row + row_count) - 1 from moving');
  const last = asBigintOrNull(result.getRows()[0]?.[0] ?? null) ?? 0n;
  if (last > manifest.rows) {
    throw new StoreError(
      `${folder}: lacks rows ${manifest.rows + 1n} to ${last}; run with --lake ${folder} brings it up`,
    );
  }
  await attachPart(connection, folder, manifest);
  await holdMoving(connection);
  await refuseChanged(connection, folder, 'held');
  await forgetMoving(store, { archive: folder, ...moved });
  await connection.run('drop table held');
  return moved;
}

/** The newest version of the only partition of a lake, or of the one that is named. @throws StoreError */
export function partOf(folder: string, partition: number | null = null): Manifest {
  const manifests = readLake(folder);
  const found = manifests.filter((manifest) => partition === null || manifest.partition === partition);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = manifests.map((manifest) => partitionName(manifest.partition)).join(', ');
  const asked = partition === null ? 'name one of them with --partition' : `not ${partitionName(partition)}`;
  throw new StoreError(`${folder}: has ${names === '' ? 'no partition' : names}; ${asked}`);
}

/** The rows of a part of a lake as the view `archived`. */
export async function attachPart(connection: DuckDBConnection, folder: string, manifest: Manifest): Promise<void> {
  const rows = evidenceSql(resolve(folder), manifest);
  await connection.run(`create or replace temp view archived as ${rows}`);
}

/** The archived rows of `moving` in their order, as the table `held`: a lake is sorted otherwise, and would be read for each link. */
export async function holdMoving(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `create or replace temp table held as from archived where row_id in (${MOVING_ROWS}) order by row_id`,
  );
}
