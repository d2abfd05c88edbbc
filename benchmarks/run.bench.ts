import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { RecorderThread } from '../analytics/recorder/index.ts';
import { runPipeline } from '../app/pipeline.ts';
import { createReaderPool } from '../app/reader-pool.ts';
import { openSource } from '../ingest/index.ts';
import { simulate } from '../psd-sim/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';
import { bareVerification } from './bare-verification.ts';
import { noteMeasurement } from './measurements.ts';
import { machine, markdownTable, median } from './table.ts';

/**
 * From payloads in an NDJSON file to durable verdicts in one process, against what the same cores do when they only
 * verify signatures with one cached key each: the limit that no verifier can pass. The two take turns.
 */

const PIECES = 100_000;
const WARMING_PIECES = 30_000;
const ROUNDS = Number(process.env.INDICIA_ROUNDS ?? 5);
const WORKERS = availableParallelism();
/** Of a thread, between two rounds. */
const VERIFICATIONS = 12_000;

if (isMainThread) await main();
else verifyAlone(workerData);

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-bench-'));
  try {
    const day = { psds: 200, licenses: 150, frauds: [], images: 'none', dayMs: Date.UTC(2026, 10, 20) } as const;
    await simulate({ ...day, seed: 1, pieces: PIECES }, join(folder, 'day'));
    await simulate({ ...day, seed: 2, pieces: WARMING_PIECES }, join(folder, 'warming'));
    const rows: string[][] = [];
    const ratios: number[] = [];
    let before = await rawRate();
    for (let round = 1; round <= ROUNDS; round++) {
      const { rate, judgeMs, recordMs, seconds, delayMs } = await pipelineRate(
        folder,
        join(folder, `round-${round}.duckdb`),
      );
      const after = await rawRate();
      // The machine may change its speed within a round: the limit is what it was before and after, on the mean.
      const raw = (before + after) / 2;
      before = after;
      ratios.push(rate / raw);
      const share = (ms: number) => `${((100 * ms) / 1000 / seconds).toFixed(1)} %`;
      rows.push([
        `${round}`,
        raw.toFixed(0),
        rate.toFixed(0),
        (rate / raw).toFixed(2),
        share(judgeMs),
        share(recordMs),
        `${delayMs.toFixed(1)} ms`,
      ]);
    }
    process.stdout.write(`${machine()}; ${WORKERS} readers; ${PIECES} pieces, 200 PSDs\n\n`);
    const headings = [
      'round',
      'only verifying, a second',
      'scans to durable verdicts, a second',
      'ratio',
      'judging',
      'recording',
      'event loop delay, p99',
    ];
    process.stdout.write(markdownTable(headings, rows));
    process.stdout.write(
      `\nmedian ratio ${median(ratios).toFixed(2)}, from ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}\n`,
    );
    noteMeasurement({
      name: 'scans to durable verdicts over bare verification',
      unit: 'ratio',
      better: 'higher',
      isPaired: true,
      samples: ratios,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function pipelineRate(folder: string, db: string) {
  const registryOf = (day: string) => loadRegistry(join(folder, day, 'registry'), Date.UTC(2026, 10, 21));
  let registry = await registryOf('warming');
  const recorder = await RecorderThread.open(db, { onPaused: refuse, onResumed: () => {} });
  const readers = createReaderPool(() => registry, WORKERS);
  // Threads start and compile before the clock does: a plant starts them once a day.
  await runPipeline({ source: await openSource(join(folder, 'warming'), process.stdin), readers, recorder });
  registry = await registryOf('day');
  const source = await openSource(join(folder, 'day'), process.stdin);
  const startedAtMs = performance.now();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const summary = await runPipeline({ source, readers, recorder });
  delay.disable();
  const seconds = (performance.now() - startedAtMs) / 1000;
  await readers.close();
  await recorder.close();
  const { judgeMs, recordMs } = summary;
  return { rate: summary.scans / seconds, judgeMs, recordMs, seconds, delayMs: delay.percentile(99) / 1e6 };
}

function refuse(reason: string): never {
  throw new Error(reason);
}

/** Signatures a second of as many threads as the pipeline has readers, doing nothing else. */
async function rawRate(): Promise<number> {
  const rates = await Promise.all(
    Array.from({ length: WORKERS }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const worker = new Worker(new URL(import.meta.url), { workerData: VERIFICATIONS });
      worker.on('message', resolve);
      worker.on('error', reject);
      return promise;
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function verifyAlone(verifications: number): Promise<void> {
  const { parentPort } = await import('node:worker_threads');
  const verifyOnce = bareVerification();
  const startedAtMs = performance.now();
  for (let count = 0; count < verifications; count++) verifyOnce();
  parentPort?.postMessage((verifications * 1000) / (performance.now() - startedAtMs));
}
