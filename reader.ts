import { hash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { createZxingWasmReader, readImage, readImageFile, type SymbolReader } from './decode/index.ts';
import { type Mark, type Parsed, parseIndicium, type Reading, type ReasonCode } from './indicium/index.ts';
import { authenticate, KeyRing, type Registry } from './verify/index.ts';

/** The readings of a batch, in its order, and what they cost in this worker. */
export interface ReadBatch {
  readonly readings: readonly Reading[];
  readonly decodeMs: number;
  readonly verifyMs: number;
}

const ring = new KeyRing(registryOf(workerData));
let symbolReader: Promise<SymbolReader> | undefined;

/** Decodes and verifies: a piece crosses threads once each way. */
export default async function read(marks: readonly Mark[]): Promise<ReadBatch> {
  const readings: Reading[] = [];
  let decodeMs = 0;
  let verifyMs = 0;
  for (const mark of marks) {
    const startedAtMs = performance.now();
    const decoded = mark.kind === 'payload' ? decodedPayload(mark.payload) : await decodedMark(mark);
    const decodedAtMs = performance.now();
    readings.push(readingOf(decoded));
    decodeMs += decodedAtMs - startedAtMs;
    verifyMs += performance.now() - decodedAtMs;
  }
  return { readings, decodeMs, verifyMs };
}

type Decoded =
  | { readonly payload: Uint8Array; readonly symbology: string | null; readonly parsed: Parsed }
  | { readonly failure: ReasonCode };

function decodedPayload(payload: Uint8Array): Decoded {
  return { payload, symbology: null, parsed: parseIndicium(payload) };
}

async function decodedMark(mark: Exclude<Mark, { kind: 'payload' }>): Promise<Decoded> {
  if (mark.kind === 'none') return { failure: mark.reason };
  const bytes = await readImageFile(mark.path);
  if (typeof bytes === 'string') return { failure: bytes };
  symbolReader ??= createZxingWasmReader();
  const outcome = await readImage(bytes, await symbolReader);
  if ('failure' in outcome) return outcome;
  const { bytes: payload, symbology, parsed } = outcome.mark;
  return { payload, symbology, parsed };
}

function readingOf(decoded: Decoded): Reading {
  if ('failure' in decoded) {
    return { payload: null, symbology: null, indicium: null, contentDigest: 0n, outcome: decoded.failure };
  }
  const { payload, symbology, parsed } = decoded;
  if ('failure' in parsed) {
    return { payload, symbology, indicium: null, contentDigest: 0n, outcome: parsed.failure };
  }
  const { indicium } = parsed;
  const contentDigest = hash('sha256', indicium.signedBytes, 'buffer').readBigUInt64BE(0);
  return { payload, symbology, indicium, contentDigest, outcome: authenticate(indicium, ring) };
}

function registryOf(data: unknown): Registry {
  if (!isRegistry(data)) throw new TypeError('a reader is started with a registry');
  return data;
}

/** The registry was checked record by record where it was loaded; here only that it is one. */
function isRegistry(data: unknown): data is Registry {
  return typeof data === 'object' && data !== null && 'keys' in data && 'licenses' in data && 'grants' in data;
}
