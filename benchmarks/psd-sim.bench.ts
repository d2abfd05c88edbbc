import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { FleetStream } from '../psd-sim/index.ts';
import { foundPost } from '../psd-sim/mail/post.ts';
import { Random } from '../psd-sim/random.ts';
import { PRINT_HEADINGS, printedPictures } from './prints.ts';
import { count, machine, markdownTable, median } from './table.ts';

/**
 * How many signed marks a second a fleet of simulated PSDs makes, debits, memory and the lines of scans included,
 * against the bare signatures that the same threads make; how many crops a second its printers make; and what a large fleet
 * costs in memory and time: INDICIA_PSDS of them (2,000). INDICIA_ROUNDS sets how often (3).
 */

const ROUNDS = Number(process.env.INDICIA_ROUNDS ?? 3);
const PIECES = 20_000;
const CHUNK = 500;
const CROPS = 800;
/** Virtual time passes about as fast as real time does, so PSDs hear a signed time as often as they would. */
const STEP_MS = 0.05;
const DAY_MS = Date.UTC(2026, 10, 20);
const PSDS = Number(process.env.INDICIA_PSDS ?? 2_000);
const REFILL_MILLS = 10_000_000_000n;

if (isMainThread) await main();
else parentPort?.on('message', () => parentPort?.postMessage(signaturesASecond()));

async function main(): Promise<void> {
  process.stdout.write(`${machine()}; medians of ${ROUNDS} rounds that take turns\n\n`);
  const rows: string[][] = [];
  for (let threads = 1; threads <= availableParallelism(); threads++) rows.push(await marksRow(threads));
  const headings = ['threads', 'only signing, a second', 'signed scans, a second', 'ratio'];
  process.stdout.write(markdownTable(headings, rows));
  const folder = await mkdtemp(join(tmpdir(), 'indicia-print-'));
  const crops = await printedPictures(folder, [{ view: 'crop', pictures: CROPS }], ROUNDS);
  await rm(folder, { recursive: true });
  process.stdout.write(`\n${markdownTable(PRINT_HEADINGS, crops)}`);
  process.stdout.write(`\n${markdownTable(['fleet', 'register sets', 'seconds', 'MB'], [await largeFleet()])}`);
}

async function marksRow(threads: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-bench-'));
  const raw = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)));
  const fleet = await FleetStream.open(
    {
      psds: 200,
      licenses: 150,
      seed: 1,
      images: 'none',
      dayMs: DAY_MS,
      workers: threads,
      refillMills: REFILL_MILLS,
      imagePrefix: '',
    },
    folder,
  );
  try {
    const rounds: { raw: number; marks: number }[] = [];
    // The first round warms up the code of both.
    for (let round = 0; round <= ROUNDS; round++) {
      const measured = { raw: await rawRate(raw), marks: await marksASecond(fleet, round) };
      if (round > 0) rounds.push(measured);
    }
    return [
      `${threads}`,
      count(median(rounds.map((round) => round.raw))),
      count(median(rounds.map((round) => round.marks))),
      median(rounds.map((round) => round.marks / round.raw)).toFixed(2),
    ];
  } finally {
    await fleet.close();
    await Promise.all(raw.map((worker) => worker.terminate()));
    await rm(folder, { recursive: true });
  }
}

async function marksASecond(fleet: FleetStream, round: number): Promise<number> {
  const startedAtMs = performance.now();
  const firstMs = DAY_MS + (8 + round / 4) * 3_600_000;
  const chunks = Array.from({ length: PIECES / CHUNK }, (_, chunk) => {
    return fleet.frank({ count: CHUNK, firstMs: firstMs + chunk * CHUNK * STEP_MS, stepMs: STEP_MS }, chunk);
  });
  await Promise.all(chunks);
  return (1000 * PIECES) / (performance.now() - startedAtMs);
}

async function rawRate(workers: readonly Worker[]): Promise<number> {
  const rates = await Promise.all(
    workers.map((worker) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      worker.once('message', resolve);
      worker.postMessage('sign');
      return promise;
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

/** With one key: no signer can be faster on this thread. */
function signaturesASecond(): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = Buffer.alloc(71, 1);
  const signatures = 10_000;
  const startedAtMs = performance.now();
  for (let made = 0; made < signatures; made++) sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return (1000 * signatures) / (performance.now() - startedAtMs);
}

/** Three register sets on each PSD, licensed through the whole exchange of Fig. 4, each with its certificate. */
async function largeFleet(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-bench-'));
  try {
    const before = process.memoryUsage.rss();
    const startedAtMs = performance.now();
    const scenario = { psds: PSDS, licenses: 3 * PSDS, dayMs: DAY_MS };
    const { fleet } = await foundPost({ scenario, folder, random: new Random('bench') });
    const seconds = (performance.now() - startedAtMs) / 1000;
    for (const { host, psd, license } of fleet.slots) {
      await host.refill(psd, license, REFILL_MILLS);
      host.frank(psd, { license, postageMills: 730n, rateCategory: 101, destinationPostcode: '06443' });
    }
    const megabytes = (process.memoryUsage.rss() - before) / 1e6;
    return [`${count(PSDS)} PSDs`, count(fleet.slots.length), seconds.toFixed(0), count(megabytes)];
  } finally {
    await rm(folder, { recursive: true });
  }
}
