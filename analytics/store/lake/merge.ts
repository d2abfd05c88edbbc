import { dirname } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { IN_ORDER } from '../audit/chain-table.ts';
import { VERSION_KEY } from '../queries/export.ts';
import { parquetFiles } from '../queries/parquet-paths.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { StoreError } from '../store-error.ts';
import { asBigint, quoted } from '../values.ts';
import { digestOfFile } from './lake-files.ts';
import type { MergeOrder } from './merge-process.ts';

/** A million rows of evidence are 300 MB; what does not fit is spilled beside the file. */
const MEMORY = '1GB';

/** Rows of a group, the least that a reader takes in: a piece's neighbors of one register set. */
const GROUP_ROWS = 30_720;

/**
 * Evidence is sorted by register set, so that a reader finds a piece, a PSD or a license in few groups of each file. `row_id` tells the
 * order of recording.
 */
const ORDER = 'order by license nulls last, psd, piece_count, row_id';

/** @throws StoreError naming the file that is not what was written. */
export async function merge({ files, to, isEvidence, rows }: MergeOrder): Promise<void> {
  for (const { path, sha256 } of files) {
    if ((await digestOfFile(path)).sha256 !== sha256) throw new StoreError(`${path}: not what was written`);
  }
  const options = { memory_limit: MEMORY, threads: '1', temp_directory: dirname(to) };
  const instance = await DuckDBInstance.create(':memory:', options);
  const connection = await instance.connect();
  try {
    const all = `read_parquet(${parquetFiles(files.map(({ path }) => path))}, hive_partitioning = false, union_by_name = true)`;
    const sorted = isEvidence ? `from ${all} ${ORDER}` : `from ${all} ${IN_ORDER}`;
    const result = await connection.runAndReadAll(
      `copy (${sorted}) to ${quoted(to)} (format parquet, compression zstd, row_group_size ${GROUP_ROWS},
         kv_metadata {${VERSION_KEY}: '${SCHEMA_VERSION}'})`,
    );
    const written = asBigint(result.getRows()[0]?.[0]);
    if (written !== BigInt(rows)) throw new StoreError(`${to}: ${written} rows where ${rows} were to be merged`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
