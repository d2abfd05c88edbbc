import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RecorderThread } from '../analytics/recorder/index.ts';
import { runPipeline } from '../app/pipeline.ts';
import { createReaderPool } from '../app/reader-pool.ts';
import { openSource } from '../ingest/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';
import { noteMeasurement } from './measurements.ts';
import { converted, simulatedDay, toG4, toJpeg, withoutScans } from './picture-days.ts';
import { type PictureSteps, stepsOf } from './picture-steps.ts';
import { plotStacked } from './plot-stacked.ts';
import { processorMsOfChildren } from './processor-time.ts';
import { readShareOf } from './read-share.ts';
import { count, machine, markdownTable, median } from './table.ts';
import { unreadScans } from './unread-scans.ts';

/**
 * Pictures to durable verdicts in a process that has run before, as a plant's does: how many a second, and what each step takes of a
 * processor. Each day comes once as it is, where one picture in fifty cannot be read by anybody, and once without these.
 * INDICIA_ROUNDS sets how often (2, after one that warms).
 */

const ROUNDS = Number(process.env.INDICIA_ROUNDS ?? 2);
const WORKERS = availableParallelism();

const folder = await mkdtemp(join(tmpdir(), 'indicia-pictures-'));
try {
  process.stdout.write(`${machine()}; ${WORKERS} reading processes, ${ROUNDS} rounds, medians\n\n`);
  const crops = await simulatedDay(join(folder, 'crops'), 2_000, 'crops');
  const faces = await simulatedDay(join(folder, 'faces'), 300, 'faces');
  const days: readonly (readonly [name: string, day: string])[] = [
    ['crops, PNG', crops],
    ['crops, JPEG', await converted(crops, 'jpg', toJpeg)],
    ['faces, JPEG', await converted(faces, 'jpg', toJpeg)],
    ['faces, TIFF G4', await converted(faces, 'tif', toG4)],
  ];
  const rates: string[][] = [];
  const stacks: { label: string; parts: Record<string, number> }[] = [];
  for (const [name, day] of days) {
    const all = await measured(day, name);
    const unread = await unreadScans(all.db);
    const names = await picturesOf(day, unread);
    await withoutScans(day, unread);
    const readable = await measured(day, `${name}, all readable`);
    rates.push(rateRow(name, all), rateRow(`${name}, all readable`, readable));
    stacks.push({ label: name, parts: partsOf(await stepsOf(day, (file) => !names.has(file)), readable.processorMs) });
  }
  process.stdout.write(
    markdownTable(['pictures', 'a second', 'processor ms a picture', 'spread of the rounds', 'read'], rates),
  );
  const headings = Object.keys(stacks[0]?.parts ?? {});
  process.stdout.write('\nProcessor milliseconds of a readable picture, step by step:\n\n');
  process.stdout.write(
    markdownTable(
      ['pictures', ...headings],
      stacks.map(({ label, parts }) => [label, ...headings.map((heading) => (parts[heading] ?? 0).toFixed(2))]),
    ),
  );
  plotStacked('pictures', 'Processor milliseconds of a picture, from its file to a durable verdict', stacks);
} finally {
  await rm(folder, { recursive: true });
}

interface Steady {
  readonly aSecond: number;
  readonly rates: readonly number[];
  readonly processorMs: number;
  readonly readShare: number;
  readonly db: string;
}

/** Fresh stores, the same threads and processes; the first round warms them. */
async function measured(day: string, name: string): Promise<Steady> {
  const registry = await loadRegistry(join(day, 'registry'), Date.UTC(2026, 10, 21));
  const readers = createReaderPool(() => registry, WORKERS);
  const rates: number[] = [];
  const processor: number[] = [];
  let db = '';
  let readShare = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    db = join(folder, `${name.replaceAll(/[ ,]+/g, '-')}-${round}.duckdb`);
    const recorder = await RecorderThread.open(db, { onPaused: refuse, onResumed: () => {} });
    const source = await openSource(join(day, 'scans.ndjson'), process.stdin);
    const before = { own: process.cpuUsage(), children: processorMsOfChildren(process.pid) };
    const startedAtMs = performance.now();
    const summary = await runPipeline({ source, readers, recorder });
    const seconds = (performance.now() - startedAtMs) / 1000;
    const { user, system } = process.cpuUsage(before.own);
    const ms = (user + system) / 1000 + processorMsOfChildren(process.pid) - before.children;
    await recorder.close();
    readShare = readShareOf(readers.imageCounts);
    if (round === 0) continue;
    rates.push(summary.scans / seconds);
    processor.push(ms / summary.scans);
  }
  await readers.close();
  noteMeasurement({ name: `${name}, a second`, unit: 'pictures', better: 'higher', isPaired: false, samples: rates });
  return { aSecond: median(rates), rates, processorMs: median(processor), readShare, db };
}

function refuse(reason: string): never {
  throw new Error(reason);
}

function rateRow(name: string, { aSecond, rates, processorMs, readShare }: Steady): string[] {
  const spread = `${count(Math.min(...rates))} to ${count(Math.max(...rates))}`;
  return [name, count(aSecond), processorMs.toFixed(2), spread, `${(100 * readShare).toFixed(1)} %`];
}

/** What no step accounts for: threads, verifying, judging, recording. */
function partsOf({ file, opening, pixels, reading, message }: PictureSteps, whole: number): Record<string, number> {
  const rest = whole - file - opening - pixels - reading - message;
  return { file, opening, pixels, reading, message, 'verifying, recording, all else': rest, together: whole };
}

/** Files of the scans with these ids. */
async function picturesOf(day: string, scanIds: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const lines = (await readFile(join(day, 'scans.ndjson'), 'utf8')).trimEnd().split('\n');
  const scans = lines.map((line) => JSON.parse(line)).filter(({ scanId }) => scanIds.has(scanId));
  return new Set(scans.map(({ image }) => basename(image)));
}
