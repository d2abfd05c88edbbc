import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { parseIndicium } from '../indicium/index.ts';
import { type KeyPair, keyPairFrom } from '../psd-sim/key-pair.ts';
import { encodeMark, encodeSigned } from '../psd-sim/psd/encoder.ts';
import { Random } from '../psd-sim/random.ts';
import { authenticate, grantedLicenses, KeyRing, type KeyTable } from '../verify/index.ts';
import { KeyTableBuilder } from '../verify/key-table.ts';
import { type Bar, plotRatios } from './plot.ts';
import { machine, markdownTable, median } from './table.ts';

/**
 * Pieces parsed and authenticated a second, for tables of one to a million keys, against a loop in the same threads and
 * the same round that verifies one signature with one cached key: the limit. Uniform use of many keys is the worst
 * case (nearly every piece needs a key that is not imported); Zipf is the common one. INDICIA_ROUNDS sets how often (3).
 */

const PIECES = 6_000;
const ROUNDS = Number(process.env.INDICIA_ROUNDS ?? 3);
const LICENSE = 700_137;
const PRINTED_AT_MS = Date.UTC(2026, 10, 20, 9);
const PRINTED = { scannedAtMs: PRINTED_AT_MS, receivedAtMs: null };
const CASES: readonly { keys: number; use: 'uniform' | 'Zipf' }[] = [
  { keys: 1, use: 'uniform' },
  { keys: 1_000, use: 'uniform' },
  { keys: 1_000, use: 'Zipf' },
  { keys: 100_000, use: 'uniform' },
  { keys: 100_000, use: 'Zipf' },
  { keys: 1_000_000, use: 'uniform' },
  { keys: 1_000_000, use: 'Zipf' },
];

interface Task {
  readonly table: KeyTable;
  readonly payloads: readonly Uint8Array[];
  readonly spki: Uint8Array;
}

if (isMainThread) await main();
else serve(workerData);

async function main(): Promise<void> {
  process.stdout.write(`${machine()}; ${PIECES} pieces a thread and round, ${ROUNDS} rounds\n\n`);
  const rows: string[][] = [];
  const bars: Bar[] = [];
  for (const { keys, use } of CASES) {
    const rssBefore = process.memoryUsage().rss;
    const startedAtMs = performance.now();
    const task = prepare(keys, use);
    const builtMs = performance.now() - startedAtMs;
    const rssMb = (process.memoryUsage().rss - rssBefore) / 2 ** 20;
    for (const threads of [1, 2]) {
      const { raw, pieces, ratio } = await measure(task, threads);
      bars.push({
        label: `${keys.toLocaleString('en-US')} ${keys === 1 ? 'key' : 'keys'}, ${use}, ${threads} thread${threads === 1 ? '' : 's'}`,
        value: ratio,
      });
      rows.push([
        keys.toLocaleString('en-US'),
        use,
        `${threads}`,
        raw.toFixed(0),
        pieces.toFixed(0),
        ratio.toFixed(2),
        `${(tableBytes(task.table) / 2 ** 20).toFixed(1)}`,
      ]);
    }
    process.stderr.write(
      `${keys} keys, ${use}: prepared in ${(builtMs / 1000).toFixed(1)} s, ${rssMb.toFixed(0)} MB\n`,
    );
  }
  const headings = ['keys', 'use', 'threads', 'only verifying, a second', 'pieces, a second', 'ratio', 'table, MB'];
  process.stdout.write(markdownTable(headings, rows));
  plotRatios('verify', 'Pieces authenticated, as a share of bare signature verification', bars, [0.6, 0.9]);
}

/** Keys that no piece uses are filled with noise of the right form: they are looked past, never imported. */
function prepare(keys: number, use: 'uniform' | 'Zipf'): Task {
  const random = new Random(`verify benchmark ${keys} ${use}`);
  // Other pieces in every round: the keys of the last round do not help where nearly every piece has its own.
  const ranks = Array.from({ length: PIECES * (ROUNDS + 1) }, () =>
    use === 'uniform' ? random.int(0, keys - 1) : zipf(random, keys),
  );
  const pairs = new Map<number, KeyPair>();
  for (const rank of ranks) if (!pairs.has(rank)) pairs.set(rank, keyPairFrom(random.bytes(`key ${rank}`)));
  const validity = { validFromMs: 0, validToMs: 8.64e15, revokedAtMs: null };
  const licenses = grantedLicenses(
    [{ license: LICENSE, holder: 'h', town: 't', depositPostcode: '06484', psdLimit: keys, ...validity }],
    [],
  );
  const [license] = licenses.values();
  const builder = new KeyTableBuilder();
  const prefix = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
  for (let row = 0; row < keys; row++) {
    const pair = pairs.get(row);
    const spki = pair?.spki ?? Buffer.concat([prefix, noise(row), noise(-row - 1)]);
    const psd = `06-2S-${row}`;
    const grant = { license: LICENSE, psd, grantedAtMs: 0, endedAtMs: null };
    const granted = license === undefined ? undefined : { ...license, grants: [grant] };
    const record = { keyId: row + 1, psd, license: LICENSE, suite: 'ecdsa-p256-sha256' as const, spki, ...validity };
    builder.add({ ...record, compromisedFromMs: null }, granted);
  }
  const payloads = ranks.map((rank, index) => {
    const pair = pairs.get(rank);
    if (pair === undefined) throw new RangeError('a piece without key');
    return mark(rank, BigInt(index + 1), pair);
  });
  const [first] = pairs.values();
  return { table: builder.finish(), payloads, spki: first?.spki ?? Buffer.alloc(0) };
}

function noise(seed: number): Buffer {
  return createHash('sha256').update(String(seed)).digest();
}

/** A rank by Zipf's law with exponent 1, by inversion of the continuous distribution. */
function zipf(random: Random, keys: number): number {
  return Math.min(keys - 1, Math.floor(keys ** random.fraction()) - 1);
}

function mark(serial: number, pieceCount: bigint, pair: KeyPair): Buffer {
  const signed = encodeSigned({
    suite: 1,
    keyId: serial + 1,
    license: LICENSE,
    manufacturer: '06',
    model: '2S',
    serial,
    epoch: 0,
    pieceCount,
    ascendingMills: 730n * pieceCount,
    descendingMills: 1_000n,
    postageMills: 730n,
    rateCategory: 101,
    printedAtSeconds: PRINTED_AT_MS / 1000,
    depositPostcode: '06484',
    destinationPostcode: '06443123456',
  });
  return encodeMark(signed, 1, pair.privateKey.sign(signed));
}

interface Rates {
  readonly raw: number;
  readonly pieces: number;
  readonly ratio: number;
}

async function measure(task: Task, threads: number): Promise<Rates> {
  const workers = await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: task });
      await once(worker);
      return worker;
    }),
  );
  const rounds: Rates[] = [];
  // The first round compiles and fills the cache, and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const raw = await rateOf(workers, 'raw', round);
    const pieces = await rateOf(workers, 'pieces', round);
    if (round > 0) rounds.push({ raw, pieces, ratio: pieces / raw });
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  const middle = (of: keyof Rates) => median(rounds.map((rates) => rates[of]));
  return { raw: middle('raw'), pieces: middle('pieces'), ratio: middle('ratio') };
}

async function rateOf(workers: readonly Worker[], what: 'raw' | 'pieces', round: number): Promise<number> {
  const rates = await Promise.all(
    workers.map((worker) => {
      const answer = once(worker);
      worker.postMessage({ what, round });
      return answer;
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

function once(worker: Worker): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  worker.once('message', resolve);
  worker.once('error', reject);
  return promise;
}

function serve({ table, payloads, spki }: Task): void {
  const ring = new KeyRing({ version: 1, keys: table });
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  parentPort?.on('message', ({ what, round }: { what: 'raw' | 'pieces'; round: number }) => {
    const own = payloads.slice(round * PIECES, (round + 1) * PIECES);
    const startedAtMs = performance.now();
    if (what === 'raw') verifyAlone(key, own);
    else for (const payload of own) authenticatePiece(payload, ring);
    parentPort?.postMessage((own.length * 1000) / (performance.now() - startedAtMs));
  });
  parentPort?.postMessage(0);
}

function verifyAlone(publicKey: KeyObject, payloads: readonly Uint8Array[]): void {
  const [payload] = payloads;
  if (payload === undefined) return;
  const [message, signature] = [payload.subarray(0, 71), payload.subarray(71)];
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  for (let count = 0; count < payloads.length; count++) verify('sha256', message, key, signature);
}

function authenticatePiece(payload: Uint8Array, ring: KeyRing): void {
  const parsed = parseIndicium(payload);
  const outcome = 'indicium' in parsed ? authenticate(parsed.indicium, ring, PRINTED) : parsed.failure;
  if (outcome !== 'valid') throw new Error(`a genuine piece was found ${outcome}`);
}

function tableBytes(table: KeyTable): number {
  const arrays = Object.values(table).filter((value) => ArrayBuffer.isView(value));
  return arrays.reduce((sum, array) => sum + array.byteLength, 0);
}
