import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder, Store } from '../analytics/index.ts';
import { REGISTRY_SEALS } from '../analytics/store/audit/seals.ts';
import { NEVER_PAUSED } from '../test/support/recording.ts';
import { fillStore } from './large-store.ts';
import { noteMeasurement } from './measurements.ts';
import { nextBatch } from './next-pieces.ts';
import { askOwnProcess } from './own-process.ts';
import { plotGrowth } from './plot-growth.ts';
import { count, machine, markdownTable, median } from './table.ts';

/**
 * What a store costs as it grows: a start that is shown all evidence, one from its snapshot, and each piece that is judged and
 * recorded after that, new ones and those that come again. Each measurement in a process of its own. INDICIA_ROWS sets the sizes, with
 * commas: 100000,1000000,10000000,100000000 takes hours.
 */

const ROWS = (process.env.INDICIA_ROWS ?? '100000,1000000').split(',').map(Number);
const BATCH = 5_000;
const BATCHES = 30;
/** Before that, code is compiled and pages of the file are read. */
const WARMING = 10;

interface Task {
  readonly step: 'fill' | 'start';
  readonly path: string;
  readonly rows: number;
  /** Where the pieces that are recorded begin. */
  readonly from: number;
}

interface Started {
  readonly startSeconds: number;
  readonly newMicros: number;
  readonly repeatedMicros: number;
  readonly closeSeconds: number;
  readonly peakBytes: number;
}

if (process.send === undefined) await main();
else process.once('message', async (task: Task) => process.send?.(await carryOut(task)));

async function main(): Promise<void> {
  process.stdout.write(
    `${machine()}; ${count(BATCHES * BATCH)} pieces recorded after each start, in batches of ${count(BATCH)}\n\n`,
  );
  const measured: { rows: number; shown: Started; loaded: Started; storeBytes: number; snapshotBytes: number }[] = [];
  for (const rows of ROWS) {
    const folder = await mkdtemp(join(tmpdir(), 'indicia-growth-'));
    try {
      const path = join(folder, 'store.duckdb');
      tell(`writing ${count(rows)} scans`);
      await askOwnProcess<Started | null>(import.meta.url, { step: 'fill', path, rows, from: 0 });
      tell(`starting over ${count(rows)} scans`);
      const shown = startedIn(
        await askOwnProcess<Started | null>(import.meta.url, { step: 'start', path, rows, from: 0 }),
      );
      tell(`starting from the snapshot of ${count(rows)} scans`);
      const loaded = startedIn(
        await askOwnProcess<Started | null>(import.meta.url, { step: 'start', path, rows, from: BATCHES * BATCH }),
      );
      const [storeBytes, snapshotBytes] = [(await stat(path)).size, await sizeOf(`${path}.snapshot`)];
      measured.push({ rows, shown, loaded, storeBytes, snapshotBytes });
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  const [first] = measured;
  const rows = measured.map(({ rows: stored, shown, loaded, storeBytes, snapshotBytes }) => [
    count(stored),
    `${shown.startSeconds.toFixed(1)} s`,
    `${loaded.startSeconds.toFixed(1)} s`,
    `${loaded.newMicros.toFixed(1)} µs`,
    (loaded.newMicros / (first?.loaded.newMicros ?? Number.NaN)).toFixed(2),
    `${loaded.repeatedMicros.toFixed(1)} µs`,
    `${(loaded.peakBytes / 2 ** 20).toFixed(0)} MiB`,
    `${shown.closeSeconds.toFixed(1)} s`,
    `${(storeBytes / stored).toFixed(0)} B`,
    snapshotBytes === 0 ? 'none' : `${(snapshotBytes / stored).toFixed(1)} B`,
  ]);
  const headings = [
    'scans stored',
    'start, all shown again',
    'start from the snapshot',
    'a new piece',
    'of the first row',
    'a scan that comes again',
    'peak memory',
    'closing, with a snapshot',
    'store, a scan',
    'snapshot, a scan',
  ];
  process.stdout.write(markdownTable(headings, rows));
  plotGrowth(
    measured.map(({ rows: stored, shown, loaded }) => ({
      rows: stored,
      shownSeconds: shown.startSeconds,
      loadedSeconds: loaded.startSeconds,
      newMicros: loaded.newMicros,
    })),
  );
  for (const { rows: stored, loaded } of measured) {
    noteMeasurement({
      name: `a new piece, ${count(stored)} stored`,
      unit: 'µs',
      better: 'lower',
      isPaired: false,
      samples: [loaded.newMicros],
    });
    noteMeasurement({
      name: `start from the snapshot, ${count(stored)} stored`,
      unit: 's',
      better: 'lower',
      isPaired: false,
      samples: [loaded.startSeconds],
    });
  }
}

/** 0 for a missing file: a small store writes no snapshot, and is shown all again at each start. */
async function sizeOf(path: string): Promise<number> {
  return existsSync(path) ? (await stat(path)).size : 0;
}

function tell(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${step}`);
}

async function carryOut(task: Task): Promise<Started | null> {
  return task.step === 'start' ? start(task) : fill(task);
}

async function fill({ path, rows }: Task): Promise<null> {
  const store = await Store.open(path);
  await fillStore(store, rows, tell);
  await store.fill('gathered', REGISTRY_SEALS, async () => ({ benchmark: 'growth' }));
  store.close();
  return null;
}

async function start({ path, rows, from }: Task): Promise<Started> {
  const startedAtMs = performance.now();
  const recorder = await Recorder.open(path, NEVER_PAUSED);
  const startSeconds = secondsSince(startedAtMs);
  const newMicros: number[] = [];
  const repeatedMicros: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const first = rows + from + batch * BATCH;
    for (const micros of [newMicros, repeatedMicros]) {
      const readings = nextBatch(first, BATCH);
      const sinceMs = performance.now();
      await recorder.record([{ readings, source: 'growth', position: `${first}` }]);
      micros.push(((performance.now() - sinceMs) * 1_000) / BATCH);
    }
  }
  const closingAtMs = performance.now();
  await recorder.settle();
  await recorder.keepSnapshot();
  recorder.close();
  return {
    startSeconds,
    newMicros: median(newMicros.slice(WARMING)),
    repeatedMicros: median(repeatedMicros.slice(WARMING)),
    closeSeconds: secondsSince(closingAtMs),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function secondsSince(startedAtMs: number): number {
  return (performance.now() - startedAtMs) / 1_000;
}

function startedIn(answer: Started | null): Started {
  if (answer === null) throw new Error('a start was measured, and nothing came of it');
  return answer;
}
