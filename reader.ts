import { hash } from 'node:crypto';
import type { ImageAnswer } from './decode/index.ts';
import { type Mark, type Parsed, parseIndicium, type Reading, type ReasonCode } from './indicium/index.ts';
import { authenticate, genuineAmong, KeyRing, type KeyTable } from './verify/index.ts';

/** The readings of a batch, in its order, and what they cost in this worker. */
export interface ReadBatch {
  readonly readings: readonly Reading[];
  readonly decodeMs: number;
  readonly verifyMs: number;
}

/** A mark whose image, if it has one, has been read by a process of its own. */
export type ReadableMark = Exclude<Mark, { kind: 'image' }> | { readonly kind: 'read'; readonly answer: ImageAnswer };

/** What one task reads: marks with the time of their scan, and the keys to judge them by. */
export interface ReadOrder {
  readonly marks: readonly { readonly mark: ReadableMark; readonly scannedAtMs: number | null }[];
  /** One version of the trust list for the whole batch; its arrays are shared memory, so nothing is copied. */
  readonly trust: { readonly version: number; readonly keys: KeyTable };
}

let ring: KeyRing | undefined;

/** Parses and verifies: a piece crosses threads once each way. */
export default function read({ marks, trust }: ReadOrder): ReadBatch {
  const batchRing = ring?.version === trust.version ? ring : new KeyRing(trust);
  ring = batchRing;
  const readings: Reading[] = [];
  let decodeMs = 0;
  let verifyMs = 0;
  for (const { mark, scannedAtMs } of marks) {
    const startedAtMs = performance.now();
    const decoded = mark.kind === 'payload' ? decodedPayload(mark.payload) : decodedMark(mark, batchRing, scannedAtMs);
    const decodedAtMs = performance.now();
    readings.push(readingOf(decoded, batchRing, scannedAtMs));
    decodeMs += decodedAtMs - startedAtMs + (mark.kind === 'read' ? mark.answer.readMs : 0);
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

function decodedMark(
  mark: Exclude<ReadableMark, { kind: 'payload' }>,
  batchRing: KeyRing,
  scannedAtMs: number | null,
): Decoded {
  if (mark.kind === 'none') return { failure: mark.reason };
  const { answer } = mark;
  if ('failure' in answer) {
    const genuine = genuineAmong(answer.candidates, batchRing, scannedAtMs);
    return genuine === null ? answer : { ...decodedPayload(genuine), symbology: 'DataMatrix' };
  }
  return { payload: answer.bytes, symbology: answer.symbology, parsed: parseIndicium(answer.bytes) };
}

function readingOf(decoded: Decoded, batchRing: KeyRing, scannedAtMs: number | null): Reading {
  const unread = { payload: null, symbology: null, indicium: null, contentDigest: 0n, trustVersion: batchRing.version };
  if ('failure' in decoded) return { ...unread, outcome: decoded.failure };
  const { payload, symbology, parsed } = decoded;
  if ('failure' in parsed) return { ...unread, payload, symbology, outcome: parsed.failure };
  const { indicium } = parsed;
  return {
    payload,
    symbology,
    indicium,
    contentDigest: hash('sha256', indicium.signedBytes, 'buffer').readBigUInt64BE(0),
    outcome: authenticate(indicium, batchRing, scannedAtMs),
    trustVersion: batchRing.version,
  };
}
