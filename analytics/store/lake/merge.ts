import { dirname } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { IN_ORDER } from '../audit/chain-table.ts';
import { parquetFiles } from '../queries/parquet-paths.ts';
import { StoreError } from '../store-error.ts';
import { copyTo, digestOfFile, MERGED } from './lake-files.ts';
import type { MergeOrder } from './merge-process.ts';

/** A million rows of evidence are 300 MB; what does not fit is spilled beside the file. */
const MEMORY = '1GB';

/**
 * Evidence is sorted by register set, so that a reader finds a piece, a PSD or a license in few groups of each file. `row_id` tells the
 * order of recording.
 */
export const ROW_ORDER = 'order by license nulls last, psd, piece_count, row_id';

/** @throws StoreError naming the file that is not what was written. */
export async function merge({ files, to, isEvidence, rows, schemaVersion }: MergeOrder): Promise<void> {
  for (const { path, sha256 } of files) {
    if ((await digestOfFile(path)).sha256 !== sha256) throw new StoreError(`${path}: not what was written`);
  }
  const options = { memory_limit: MEMORY, threads: '1', temp_directory: dirname(to) };
  const instance = await DuckDBInstance.create(':memory:', options);
  const connection = await instance.connect();
  try {
    const all = `read_parquet(${parquetFiles(files.map(({ path }) => path))}, hive_partitioning = false)`;
    const sorted = isEvidence ? `from ${all} ${ROW_ORDER}` : `from ${all} ${IN_ORDER}`;
    const written = await copyTo(connection, sorted, to, { ...MERGED, schemaVersion });
    if (written !== rows) throw new StoreError(`${to}: ${written} rows where ${rows} were to be merged`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
