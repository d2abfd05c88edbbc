import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { copyTo, MERGED, placeOf, type StagedFile } from '../analytics/store/lake/lake-files.ts';
import { EVIDENCE, EVIDENCE_SQL } from '../analytics/store/lake/lake-tables.ts';
import type { LakeWriter } from '../analytics/store/lake/lake-writer.ts';
import { ROW_ORDER } from '../analytics/store/lake/merge.ts';
import { TABLES_SQL } from '../analytics/store/schema/schema.ts';
import { insertion } from './large-store.ts';

const FILE_ROWS = 1_000_000;
const DAY = '2026-11-20';

/**
 * Puts the evidence of a large post into a lake whose store has none, as files of a million rows sorted by register set: what merging leaves. It
 * has no links, so a doctor would refuse it; readers do not look at them.
 */
export async function fillLake(writer: LakeWriter, rows: number, onStep: (step: string) => void): Promise<void> {
  const { folder, manifest } = writer;
  const files: StagedFile[] = [];
  const instance = await DuckDBInstance.create(join(folder, '.writing', 'evidence.duckdb'), { memory_limit: '2GB' });
  const connection = await instance.connect();
  try {
    await connection.run(TABLES_SQL);
    for (let from = 0; from < rows; from += FILE_ROWS) {
      onStep(`writing ${from} of ${rows} rows`);
      const to = Math.min(rows, from + FILE_ROWS);
      await connection.run(`delete from evidence; ${insertion(from, to, rows)}`);
      const place = {
        folder,
        partition: manifest.partition,
        version: manifest.version + 1,
        table: EVIDENCE,
        day: DAY,
        purpose: 'merge',
      } as const;
      const file = await placeOf(place);
      const sorted = `select ${EVIDENCE_SQL} from evidence ${ROW_ORDER}`;
      await copyTo(connection, sorted, file.from, MERGED);
      files.push({ table: EVIDENCE, ...file, rows: to - from, firstRow: BigInt(from + 1), lastRow: BigInt(to) });
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  await writer.replace(EVIDENCE, new Set(), files);
}
