import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openForQueries, Recorder } from '../analytics/index.ts';
import { RecorderThread } from '../analytics/recorder/index.ts';
import { isLake, readLake } from '../analytics/store/lake/lake-folder.ts';
import { LakeWriter } from '../analytics/store/lake/lake-writer.ts';
import { filesOf } from '../analytics/store/lake/manifest.ts';
import { merge } from '../analytics/store/lake/merge.ts';
import { mergeSome } from '../analytics/store/lake/merge-process.ts';
import { NEVER_PAUSED } from '../test/support/recording.ts';
import { fillLake } from './large-lake.ts';
import { noteMeasurement } from './measurements.ts';
import { nextBatch } from './next-pieces.ts';
import { count, machine, markdownTable, median, quantile } from './table.ts';

/**
 * What a lake costs: to write a piece, to merge it, its bytes; how soon it can be read while a recorder works; and how long look-ups take over
 * large lakes. INDICIA_ROWS sets the sizes of these, with commas.
 */
const ROWS = (process.env.INDICIA_ROWS ?? '1000000').split(',').map(Number);
const WRITTEN_ROWS = 300_000;
/** Three seconds of a busy plant. */
const WRITTEN_AT_ONCE = 20_000;
const FRESH_SECONDS = 20;
/** Half of what the recorder takes from one thread. */
const FRESH_ROWS_A_SECOND = 5_000;
const ROUNDS = 5;
const OWNER = { partition: 0, epoch: 0n, nowMs: () => null };

const LOOK_UPS: readonly (readonly [name: string, sql: string])[] = [
  ['one piece', "select * from pieces where license = 700137 and psd = '06-2S-5520982' and piece_count = 7"],
  ['the timeline of a PSD', "select scanned_at, plant, piece_count from pieces where psd = '06-2S-5520982' order by 1"],
  [
    'the books of a license',
    'select sum(postage_mills), max(piece_count) from pieces where license = 700137 and genuine',
  ],
  ['findings of the last month', 'select kind, count(*) from findings group by 1'],
];

const folder = await mkdtemp(join(tmpdir(), 'indicia-lake-'));
try {
  process.stdout.write(`${machine()}\n\n`);
  await measureWriting(join(folder, 'written'));
  await measureFreshness(join(folder, 'fresh'));
  for (const rows of ROWS) await measureLookUps(join(folder, `${rows}`), rows);
} finally {
  await rm(folder, { recursive: true });
}

async function measureWriting(path: string): Promise<void> {
  const recorder = await Recorder.open(`${path}.duckdb`, NEVER_PAUSED);
  const writer = await LakeWriter.claim(path, OWNER);
  const write = () => recorder.lakeSource.run((beside) => writer.write(beside));
  // Tables that are written whole, once.
  await write();
  const costs: number[] = [];
  for (let rows = 0; rows < WRITTEN_ROWS; rows += WRITTEN_AT_ONCE) {
    tell(`writing ${count(rows)} of ${count(WRITTEN_ROWS)} rows`);
    await recorder.record([
      { readings: nextBatch(rows, WRITTEN_AT_ONCE), source: 'lake', position: `${rows + WRITTEN_AT_ONCE}` },
    ]);
    const clock = startClock();
    await write();
    costs.push((clock().cpuMs * 1_000) / WRITTEN_AT_ONCE);
  }
  recorder.close();
  const bytes = () => filesOf(writer.manifest).reduce((sum, file) => sum + file.bytes, 0) / WRITTEN_ROWS;
  const loose = bytes();
  tell('merging');
  const merging = startClock();
  const here = (order: Parameters<typeof merge>[0]) => merge(order).then(() => null);
  const limits = { fullRows: WRITTEN_ROWS, filesMax: 64 };
  await mergeSome(writer, new AbortController().signal, { limits, run: here });
  const mergedMicros = (merging().cpuMs * 1_000) / WRITTEN_ROWS;
  const headings = ['rows', 'writing, of a core a row', 'merging', 'bytes a row before', 'and after'];
  const micros = [median(costs), mergedMicros].map((cost) => `${cost.toFixed(1)} µs`);
  const cells = [count(WRITTEN_ROWS), ...micros, loose.toFixed(0), bytes().toFixed(0)];
  process.stdout.write(`${markdownTable(headings, [cells])}\n`);
  note('writing a row', 'µs', costs);
}

async function measureFreshness(path: string): Promise<void> {
  tell('a recorder at half load');
  const lake = { folder: path, onStatus: () => {} };
  const recorder = await RecorderThread.open(`${path}.duckdb`, { ...NEVER_PAUSED, lake });
  const recorded: { rows: number; atMs: number }[] = [];
  const delays: number[] = [];
  const endsAtMs = performance.now() + FRESH_SECONDS * 1_000;
  let rows = 0;
  let seen = 0;
  const look = () => {
    const visible = rowsIn(path);
    while (recorded[seen] !== undefined && (recorded[seen]?.rows ?? 0) <= visible) {
      delays.push(performance.now() - (recorded[seen]?.atMs ?? 0));
      seen += 1;
    }
  };
  const batch = FRESH_ROWS_A_SECOND / 10;
  for (let next = performance.now(); performance.now() < endsAtMs; next += 100) {
    await recorder.record({ readings: nextBatch(rows, batch), source: 'lake', position: `${rows}` });
    rows += batch;
    recorded.push({ rows, atMs: performance.now() });
    while (performance.now() < next + 100) {
      look();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await recorder.close();
  const cells = [
    count(FRESH_ROWS_A_SECOND),
    ...[0.5, 0.99, 1].map((part) => `${(quantile(delays, part) / 1_000).toFixed(2)} s`),
  ];
  process.stdout.write(`${markdownTable(['rows a second', 'in the lake after, p50', 'p99', 'at most'], [cells])}\n`);
  note('in the lake after, p99', 's', [quantile(delays, 0.99) / 1_000]);
}

async function measureLookUps(path: string, rows: number): Promise<void> {
  const recorder = await Recorder.open(`${path}.duckdb`, NEVER_PAUSED);
  const writer = await LakeWriter.claim(path, OWNER);
  await recorder.lakeSource.run((beside) => writer.write(beside));
  recorder.close();
  await fillLake(writer, rows, tell);
  tell('looking up');
  const opening = startClock();
  const store = await openForQueries([path]);
  const openedMs = opening().wallMs;
  const table: string[][] = [];
  for (const [name, sql] of LOOK_UPS) {
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const clock = startClock();
      await (await store.query(sql)).countAll();
      times.push(clock().wallMs);
    }
    const [first = Number.NaN, ...warm] = times;
    table.push([count(rows), name, `${first.toFixed(0)} ms`, `${median(warm).toFixed(0)} ms`]);
    note(`${name}, ${count(rows)} rows`, 'ms', warm);
  }
  store.close();
  table.push([count(rows), 'opening', `${openedMs.toFixed(0)} ms`, '–']);
  process.stdout.write(`${markdownTable(['rows', 'look-up', 'first', 'again'], table)}\n`);
}

function rowsIn(path: string): number {
  return isLake(path) ? readLake(path).reduce((sum, { rows }) => sum + Number(rows), 0) : 0;
}

function startClock(): () => { readonly cpuMs: number; readonly wallMs: number } {
  const before = process.cpuUsage();
  const startedAtMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - startedAtMs };
  };
}

function note(name: string, unit: string, samples: readonly number[]): void {
  noteMeasurement({ name, unit, better: 'lower', isPaired: false, samples: [...samples] });
}

function tell(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${step}`);
}
