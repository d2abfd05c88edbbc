import { Recorder } from '../analytics/index.ts';
import { NEVER_PAUSED } from '../test/support/recording.ts';
import { nextBatch } from './next-pieces.ts';

const BATCH = 5_000;

/** Batches that are judged and recorded durably, over DuckDB loading the same rows from Parquet into a table in memory. */
export async function recordingAndLoad(path: string) {
  const recorder = await Recorder.open(path, NEVER_PAUSED);
  let first = 0;
  const record = async () => {
    const readings = nextBatch(first, BATCH);
    const startedAtMs = performance.now();
    await recorder.record([{ readings, source: 'limits', position: `${first}` }]);
    first += BATCH;
    return ((performance.now() - startedAtMs) * 1_000) / BATCH;
  };
  await record();
  const parquet = `${path}.parquet`;
  await recorder.exportView('evidence', parquet);
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const load = async () => {
    const startedAtMs = performance.now();
    await connection.run(`create or replace table evidence as from read_parquet('${parquet}')`);
    return ((performance.now() - startedAtMs) * 1_000) / BATCH;
  };
  return {
    stage: 'a piece judged and recorded',
    limit: "DuckDB's load of the same row from Parquet into memory",
    sample: async () => [await record(), await load()] as const,
  };
}
