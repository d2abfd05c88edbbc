import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { ImageAnswer } from './decode/index.ts';
import {
  digest64,
  type Parsed,
  parseForeignMark,
  parseIndicium,
  type Reading,
  type ReadingColumns,
  ReadingColumnsBuilder,
  type ReasonCode,
  readingBuffers,
  type Scan,
} from './indicium/index.ts';
import { parseScanLines, type ScanLines } from './ingest/index.ts';
import { authenticate, genuineAmong, KeyRing, type KeyTable } from './verify/index.ts';

/** What one task reads, and the keys to judge it by. */
export interface ReadOrder {
  readonly scans: readonly Scan[] | ScanLines;
  /** What processes of their own read on the images, by the place of their scans. */
  readonly images: ReadonlyMap<number, ImageAnswer>;
  /** One version of the trust list for the whole batch; its arrays are shared memory, so nothing is copied. */
  readonly trust: { readonly version: number; readonly keys: KeyTable };
}

/** The readings of a batch, in its order, and what they cost in this thread. */
export interface ReadBatch {
  readonly columns: ReadingColumns;
  readonly decodeMs: number;
  readonly verifyMs: number;
}

/** A line names an image although it did not look so: the scans go back to have it read first. */
export interface ImagesUnread {
  readonly scans: readonly Scan[];
}

let ring: KeyRing | undefined;

/** Parses and verifies: a piece crosses threads once each way, as a row of columns whose buffers are handed over. */
export default function read(order: ReadOrder): unknown {
  const batch = readScans(order);
  if (batch === null) {
    return { scans: 'text' in order.scans ? [...parseScanLines(order.scans)] : order.scans } satisfies ImagesUnread;
  }
  return move({ [valueSymbol]: batch, [transferableSymbol]: readingBuffers(batch.columns) });
}

/** Null when an image must be read first. */
export function readScans({ scans, images, trust }: ReadOrder): ReadBatch | null {
  const batchRing = ring?.version === trust.version ? ring : new KeyRing(trust);
  ring = batchRing;
  const builder = new ReadingColumnsBuilder('text' in scans ? scans.ends.length : scans.length);
  let decodeMs = 0;
  let verifyMs = 0;
  let sinceMs = performance.now();
  let index = 0;
  for (const scan of 'text' in scans ? parseScanLines(scans) : scans) {
    const image = images.get(index);
    if (scan.mark.kind === 'image' && image === undefined) return null;
    const decoded = decodedMark(scan, image, batchRing);
    const decodedAtMs = performance.now();
    builder.add(scan, readingOf(decoded, batchRing, scan.scannedAtMs));
    decodeMs += decodedAtMs - sinceMs + (image?.readMs ?? 0);
    sinceMs = performance.now();
    verifyMs += sinceMs - decodedAtMs;
    index += 1;
  }
  return { columns: builder.finish(), decodeMs, verifyMs };
}

type Decoded =
  | { readonly payload: Uint8Array; readonly symbology: string | null; readonly parsed: Parsed }
  | { readonly failure: ReasonCode };

function decodedMark({ mark, scannedAtMs }: Scan, image: ImageAnswer | undefined, batchRing: KeyRing): Decoded {
  if (mark.kind === 'payload') return decodedPayload(mark.payload, null);
  if (mark.kind === 'none') return { failure: mark.reason };
  if (image === undefined) throw new Error(`the image of a scan was not read: ${mark.path}`);
  if ('failure' in image) {
    const genuine = genuineAmong(image.candidates, batchRing, scannedAtMs);
    return genuine === null ? image : decodedPayload(genuine, 'DataMatrix');
  }
  return decodedPayload(image.bytes, image.symbology);
}

function decodedPayload(payload: Uint8Array, symbology: string | null): Decoded {
  return { payload, symbology, parsed: parseIndicium(payload) };
}

function readingOf(decoded: Decoded, batchRing: KeyRing, scannedAtMs: number | null): Reading {
  const unread = { payload: null, symbology: null, indicium: null, contentDigest: 0n, trustVersion: batchRing.version };
  if ('failure' in decoded) return { ...unread, outcome: decoded.failure };
  const { payload, symbology, parsed } = decoded;
  if ('failure' in parsed) {
    const outcome = parseForeignMark(payload) === null ? parsed.failure : 'no-key';
    return { ...unread, payload, symbology, outcome };
  }
  const { indicium } = parsed;
  return {
    payload,
    symbology,
    indicium,
    contentDigest: digest64(indicium.signedBytes),
    outcome: authenticate(indicium, batchRing, scannedAtMs),
    trustVersion: batchRing.version,
  };
}
