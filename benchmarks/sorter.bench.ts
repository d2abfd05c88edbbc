import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SorterScan, scanFromLine } from '../client/index.ts';
import { type Driven, drive } from '../commands/load/drive.ts';
import { Library } from '../commands/load/library.ts';
import { quantilesOf } from '../commands/load/load-report.ts';
import type { Endpoint } from '../commands/load/senders.ts';
import { FleetStream } from '../psd-sim/index.ts';
import { scannedPicture } from '../test/support/pictures.ts';
import { type ServerProcess, serveProcess } from '../test/support/sorter-server.ts';
import { type LatencyRow, plotLatencies } from './plot.ts';
import { type LoadLine, type LoadPoint, plotLoads } from './plot-loads.ts';
import { openEcho } from './sorter-echo.ts';
import { capacityOf, SlowSockets, streamRate } from './sorter-load.ts';
import { runRate } from './sorter-run.ts';
import { count, machine, markdownTable, median } from './table.ts';

/**
 * The server in a process of its own, asked from this one on the same machine: what each endpoint can take, how long
 * pieces wait for their durable verdict at shares of that, what slow sockets do to others, and the stream against
 * `indicia run` on the same payloads. INDICIA_LOAD_SECONDS sets how long each load lasts (3), INDICIA_ROUNDS how often what is compared
 * takes turns (1).
 */

const WARMING = 20_000;
const PIECES = 100_000;
const OTHERS = 30_000;
const CROPS = 1_000;
const CHUNK = 200;
const SHARES = [0.1, 0.5, 0.8, 0.95] as const;
const CAPACITY_SECONDS = 2;
const LOAD_SECONDS = Number(process.env.INDICIA_LOAD_SECONDS ?? 3);
const WARMING_SECONDS = 1;
const CEILING_SECONDS = 2;
const ROUNDS = Number(process.env.INDICIA_ROUNDS ?? 1);
const SLOW_SOCKETS = 500;
const SLOW_SHARE = 0.3;
const DAY_MS = Date.UTC(2026, 10, 20);
const OPENS_MS = DAY_MS + 8 * 3_600_000;
const JUDGED_AT_MS = DAY_MS + 86_400_000;

type Kind = 'payload' | 'crop';
const AIM_MS: Record<Kind, number> = { payload: 15, crop: 50 };

interface Case {
  readonly kind: Kind;
  readonly endpoint: Endpoint;
  /** Pieces of a request, and requests on their way while capacity is measured. */
  readonly together: number;
  readonly inFlight: number;
}

const CASES: readonly Case[] = [
  { kind: 'payload', endpoint: 'single', together: 1, inFlight: 128 },
  { kind: 'payload', endpoint: 'batch', together: 50, inFlight: 8 },
  { kind: 'payload', endpoint: 'stream', together: 1, inFlight: 1 },
  { kind: 'crop', endpoint: 'single', together: 1, inFlight: 16 },
  { kind: 'crop', endpoint: 'batch', together: 10, inFlight: 2 },
  { kind: 'crop', endpoint: 'stream', together: 1, inFlight: 1 },
];

const LATENCY_HEADINGS = ['p50', 'p99', 'p99.9', 'refused or failed', 'generator busy, sent late p99'];

const folder = await mkdtemp(join(tmpdir(), 'indicia-bench-'));
/** What is still there when this process ends. */
const ENDS = { after: (end: () => unknown) => void process.once('exit', end) };
/** Each measurement scans the mailpieces once more. */
let runs = 0;
try {
  await main();
} finally {
  await rm(folder, { recursive: true });
}

async function main(): Promise<void> {
  const mail = await frankMail();
  process.stdout.write(`${machine()}; generator and server on it together\n\n`);
  await measureGenerator(mail.payload);
  await measureStreamAgainstRun();
  const server = await startServer('latency');
  try {
    await streamRate(server.url, await linesOf('warming.ndjson'));
    const single = await measureEndpoints(server.url, mail);
    await measureSlowSockets(server.url, mail.payload, single);
  } finally {
    await stopServer(server);
  }
}

/** What the generator itself can drive, so that it is known not to be what is measured. */
async function measureGenerator(scans: readonly SorterScan[]): Promise<void> {
  const echo = await openEcho();
  const sorter = connect(echo.url);
  const rates: string[] = [];
  for (const { kind, endpoint, together, inFlight } of CASES) {
    if (kind !== 'payload') continue;
    const saturation = { endpoint, inFlight, together, seconds: CEILING_SECONDS };
    rates.push(`${count(await capacityOf(saturation, sorter, scansOnceMore(scans)))} by ${endpoint}`);
  }
  sorter.close();
  await echo.close();
  process.stdout.write(`the generator alone could ask for ${rates.join(', ')} a second\n\n`);
}

async function measureEndpoints(base: string, mail: Record<Kind, readonly SorterScan[]>): Promise<number> {
  const rows: string[][] = [];
  const plotted: LatencyRow[] = [];
  const lines: Record<Kind, LoadLine[]> = { payload: [], crop: [] };
  let single = 0;
  for (const { kind, endpoint, together, inFlight } of CASES) {
    const sorter = connect(base);
    const saturation = { endpoint, inFlight, together, seconds: CAPACITY_SECONDS };
    await capacityOf({ ...saturation, seconds: WARMING_SECONDS }, sorter, scansOnceMore(mail[kind]));
    const capacity = await capacityOf(saturation, sorter, scansOnceMore(mail[kind]));
    if (kind === 'payload' && endpoint === 'single') single = capacity;
    const points: LoadPoint[] = [];
    for (const share of SHARES) {
      const rate = Math.max(1, Math.round(capacity * share));
      const load = { endpoint, rate, pieces: rate * LOAD_SECONDS, batch: together };
      const driven = await drive(load, sorter, scansOnceMore(mail[kind]));
      const percent = `${share * 100} %`;
      const quantiles = quantilesOf(driven.tally.latency);
      rows.push([`${kind}, ${endpoint}`, count(capacity), percent, count(rate), ...latencyCells(driven)]);
      const aim = share === 0.5 ? AIM_MS[kind] : null;
      plotted.push({ label: `${kind}, ${endpoint}, ${percent}`, ...quantiles, aim });
      points.push({ share, ...quantiles });
    }
    lines[kind].push({ label: `${endpoint}, of ${count(capacity)} a second`, points });
    sorter.close();
  }
  const headings = ['pieces, endpoint', 'capacity, a second', 'load', 'a second', ...LATENCY_HEADINGS];
  process.stdout.write(`${markdownTable(headings, rows)}\n`);
  plotLatencies('sorter', 'Milliseconds until the durable verdict: p50 to p99 and p99.9', plotted);
  plotLoads('sorter-load', 'Milliseconds until the durable verdict, by load: p99, and p50 dashed', [
    { title: 'payloads, by the share of what the endpoint takes', lines: lines.payload },
    { title: 'crops', lines: lines.crop },
  ]);
  return single;
}

function latencyCells({ tally, busy }: Driven): string[] {
  const { p50, p99, p999 } = quantilesOf(tally.latency);
  const own = `${Math.round(busy * 100)} %, ${quantilesOf(tally.lag).p99}`;
  return [`${p50}`, `${p99}`, `${p999}`, count(tally.problems), own];
}

async function measureSlowSockets(base: string, scans: readonly SorterScan[], capacity: number): Promise<void> {
  const rate = Math.round(capacity * SLOW_SHARE);
  const rows: string[][] = [];
  const sorter = connect(base);
  const load = { endpoint: 'single', rate, pieces: rate * LOAD_SECONDS, batch: 1 } as const;
  const measure = async (sockets: number) => {
    rows.push([count(sockets), count(rate), ...latencyCells(await drive(load, sorter, scansOnceMore(scans)))]);
  };
  for (let round = 0; round < ROUNDS; round++) {
    await measure(0);
    const slow = await SlowSockets.open(base, SLOW_SOCKETS);
    await measure(slow.count);
    slow.close();
  }
  sorter.close();
  process.stdout.write(`${markdownTable(['slow sockets', 'payloads a second, single', ...LATENCY_HEADINGS], rows)}\n`);
}

async function measureStreamAgainstRun(): Promise<void> {
  const [warming, pieces] = [await linesOf('warming.ndjson'), await linesOf('pieces.ndjson')];
  const rows: string[][] = [];
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const run = await runRate(folder, join(folder, `run-${round}.duckdb`), JUDGED_AT_MS);
    const server = await startServer(`stream-${round}`);
    await streamRate(server.url, warming);
    const stream = await streamRate(server.url, pieces);
    await stopServer(server);
    ratios.push(stream / run);
    rows.push([`${round}`, count(run), count(stream), (stream / run).toFixed(2)]);
  }
  const headings = ['round', 'indicia run, a second', 'stream, a second', 'ratio'];
  process.stdout.write(markdownTable(headings, rows));
  process.stdout.write(`\n${count(PIECES)} payloads, fresh stores; median ratio ${median(ratios).toFixed(2)}\n\n`);
}

/** A fleet's registry, its payloads as files for the stream and the run, and others with pictures of some of them. */
async function frankMail(): Promise<Record<Kind, readonly SorterScan[]>> {
  const workers = availableParallelism();
  const plan = { psds: 200, licenses: 150, seed: 1, images: 'none', dayMs: DAY_MS, imagePrefix: '' } as const;
  const fleet = await FleetStream.open({ ...plan, workers, refillMills: 10_000_000_000n }, folder);
  let asked = 0;
  const frank = async (pieces: number) => {
    const chunks = Array.from({ length: pieces / CHUNK }, () => {
      const firstMs = OPENS_MS + asked;
      asked += CHUNK;
      return fleet.frank({ count: CHUNK, firstMs, stepMs: 1 }, asked / CHUNK);
    });
    return (await Promise.all(chunks)).join('');
  };
  await writeFile(join(folder, 'warming.ndjson'), await frank(WARMING));
  await writeFile(join(folder, 'pieces.ndjson'), await frank(PIECES));
  const payload = (await frank(OTHERS)).split('\n').flatMap((line) => scanFromLine(line)?.scan ?? []);
  await fleet.close();
  const crop = payload.slice(0, CROPS).map(({ payload: mark, ...scan }) => {
    return { ...scan, image: scannedPicture(mark ?? Buffer.alloc(0), 'crop', scan.scanId).bytes };
  });
  return { payload, crop };
}

function scansOnceMore(scans: readonly SorterScan[]): Library {
  runs += 1;
  return new Library(scans, `${runs}`);
}

async function linesOf(name: string): Promise<string[]> {
  return (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '');
}

function startServer(name: string): Promise<ServerProcess> {
  const [registry, db] = [join(folder, 'registry'), join(folder, `${name}.duckdb`)];
  return serveProcess(ENDS, ['--registry', registry, '--db', db, '--no-auth', '--port', '0']);
}

async function stopServer({ child, ended }: ServerProcess): Promise<void> {
  child.kill('SIGTERM');
  await ended;
}
