import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { createMarkReader, createZxingWasmReader, readImage } from '../decode/index.ts';
import { smallJpeg } from '../decode/small-jpeg.ts';
import { bareVerification } from './bare-verification.ts';
import { noteMeasurement } from './measurements.ts';
import { opensslSpeed } from './openssl-speed.ts';
import { converted, simulatedDay, toJpeg } from './picture-days.ts';
import { recordingAndLoad } from './recording-limit.ts';
import { sightingsAndMemory } from './sightings-limit.ts';
import { machine, markdownTable, median, quantile } from './table.ts';

/**
 * Each stage beside what it cannot do without, in one thread and in turns of a few milliseconds: its limit, where the rest of the stage
 * cost nothing.
 */

const SAMPLES = 21;
const CROPS = 300;
const FACES = 60;
const VERIFICATIONS = 100;

interface Stage {
  readonly stage: string;
  readonly limit: string;
  /** Microseconds of one piece, in the stage and at its limit. */
  readonly sample: () => Promise<readonly [stage: number, limit: number]>;
}

const folder = await mkdtemp(join(tmpdir(), 'indicia-limits-'));
const stages: Stage[] = [];
try {
  const reader = createMarkReader(await createZxingWasmReader());
  const crops = await simulatedDay(join(folder, 'crops'), CROPS, 'crops');
  const pngs = await filesIn(crops);
  const jpegs = await filesIn(await converted(crops, 'jpg', toJpeg));
  const faces = await filesIn(
    await converted(await simulatedDay(join(folder, 'faces'), FACES, 'faces'), 'jpg', toJpeg),
  );
  const read = (bytes: Uint8Array) => readImage(bytes, reader);
  stages.push(
    inTurns(
      'a PNG crop to an indicium',
      'inflating its pixels',
      pngs,
      read,
      (bytes) => void inflateSync(pixelsOfPng(bytes)),
    ),
    inTurns('a JPEG crop to an indicium', 'decoding it', jpegs, read, (bytes) => smallJpeg(bytes)),
    inTurns('a JPEG face to an indicium', 'decoding it as far as the mark', faces, read, upperRight),
    await sightingsAndMemory(),
    await recordingAndLoad(join(folder, 'store.duckdb')),
  );
  const rows: string[][] = [];
  for (const { stage, limit, sample } of stages) {
    for (let warming = 0; warming < 3; warming++) await sample();
    const samples: (readonly [number, number])[] = [];
    for (let index = 0; index < SAMPLES; index++) samples.push(await sample());
    const ratios = samples.map(([its, least]) => its / least);
    rows.push([
      stage,
      limit,
      micros(median(samples.map(([its]) => its))),
      micros(median(samples.map(([, least]) => least))),
      median(ratios).toFixed(2),
      `${quantile(ratios, 0.1).toFixed(2)} to ${quantile(ratios, 0.9).toFixed(2)}`,
    ]);
    noteMeasurement({
      name: `${stage} over ${limit}`,
      unit: 'ratio',
      better: 'lower',
      isPaired: true,
      samples: ratios,
    });
  }
  process.stdout.write(`${machine()}; ${SAMPLES} samples in turns, one thread\n\n`);
  const headings = ['stage', 'limit', 'µs in the stage', 'µs at the limit', 'stage over limit', 'eight of ten samples'];
  process.stdout.write(markdownTable(headings, rows));
  process.stdout.write(`\nThe signature itself, µs a verification of P-256:\n\n${signatures()}`);
} finally {
  await rm(folder, { recursive: true });
}

function micros(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

/** The readings of some pictures, then as often what they cannot do without. */
function inTurns(
  stage: string,
  limit: string,
  files: readonly Uint8Array[],
  work: (bytes: Uint8Array) => unknown,
  least: (bytes: Uint8Array) => unknown,
): Stage {
  let next = 0;
  const turn = Math.max(3, Math.floor(files.length / 20));
  const timed = async (part: readonly Uint8Array[], one: (bytes: Uint8Array) => unknown) => {
    const startedAtMs = performance.now();
    for (const bytes of part) await one(bytes);
    return ((performance.now() - startedAtMs) * 1_000) / part.length;
  };
  return {
    stage,
    limit,
    async sample() {
      const part = Array.from({ length: turn }, () => files[next++ % files.length] ?? new Uint8Array());
      return [await timed(part, work), await timed(part, least)];
    },
  };
}

async function filesIn(day: string): Promise<Uint8Array[]> {
  const names = (await readdir(join(day, 'images'))).toSorted();
  return Promise.all(names.map((name) => readFile(join(day, 'images', name))));
}

/** The compressed pixels: all IDAT chunks together. */
function pixelsOfPng(bytes: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Buffer[] = [];
  for (let at = 8; at + 8 <= file.length; ) {
    const length = file.readUInt32BE(at);
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(file.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return Buffer.concat(parts);
}

async function upperRight(bytes: Uint8Array): Promise<void> {
  const image = sharp(bytes);
  const { width, height } = await image.metadata();
  const left = width >> 1;
  await image
    .extract({ left, top: 0, width: width - left, height: Math.ceil(height * 0.4) })
    .greyscale()
    .raw()
    .toBuffer();
}

/** Of this Node, and of the openssl command where there is one. */
function signatures(): string {
  const verifyOnce = bareVerification();
  const samples = Array.from({ length: SAMPLES }, () => {
    const startedAtMs = performance.now();
    for (let times = 0; times < VERIFICATIONS; times++) verifyOnce();
    return ((performance.now() - startedAtMs) * 1_000) / VERIFICATIONS;
  });
  const rows = [
    [`node:crypto, OpenSSL ${process.versions.openssl}`, median(samples).toFixed(1)],
    opensslSpeed(process.env),
  ];
  return markdownTable(['library', 'µs'], rows);
}
