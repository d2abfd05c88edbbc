import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { ImageAnswer } from '../decode/process/index.ts';
import {
  countUnchecked,
  digest64,
  foreignNote,
  type Mark,
  type Parsed,
  parseIndicium,
  type Reading,
  type ReadingColumns,
  ReadingColumnsBuilder,
  type ReasonCode,
  readingBuffers,
  type Scan,
  type UncheckedCounts,
} from '../indicium/index.ts';
import {
  brokenMark,
  brokenScan,
  type GivenUp,
  type IgnoredField,
  ignoredFieldsOf,
  parseScanLines,
  type ScanLines,
  THREAD_ENDED,
  withZone,
} from '../scans/index.ts';
import {
  authenticate,
  genuineAmong,
  KeyRing,
  type KeyTable,
  NO_TIMES,
  type PlantZones,
  readPlantZones,
  type ScanTimes,
  signerOf,
} from '../verify/index.ts';

/** What one task reads, and the keys to judge it by. */
export interface ReadOrder {
  readonly scans: readonly Scan[] | ScanLines;
  /** What processes of their own read on the images, by the place of their scans. */
  readonly images: ReadonlyMap<number, ImageAnswer>;
  /** Scans, by their place, that ended a thread and are answered without another look at them. */
  readonly givenUp: GivenUp;
  /** Scans come back as they are, before anything is read of them. */
  readonly isOnlyParsed?: boolean;
  /** When the post received the batch, by its own clock; null where nobody knows. */
  readonly receivedAtMs: number | null;
  /** One version of the trust list for the whole batch; its arrays are shared memory, so nothing is copied. */
  readonly trust: { readonly version: number; readonly keys: KeyTable; readonly zones?: PlantZones | null };
}

/** The readings of a batch, in its order, and what they cost in this thread. */
export interface ReadBatch {
  readonly columns: ReadingColumns;
  readonly decodeMs: number;
  readonly verifyMs: number;
  /** Fields that were given and not used, each with its problem once. */
  readonly ignored: readonly IgnoredCount[];
  /** Scans with a genuine mark by the checks of it that were not made. */
  readonly unchecked: UncheckedCounts;
}

/** How many scans of a batch had a field that was not used for one reason, and the first of them. */
export interface IgnoredCount extends IgnoredField {
  readonly scans: number;
  readonly firstScanId: string;
}

/** What a thread answers. */
export interface ReadAnswer extends ReadBatch {
  /** Scans at which this program threw: each has a row that says so. */
  readonly faults: Faults;
}

/** `first` is the stack of the first of them; null where there are none. */
export interface Faults {
  readonly scans: number;
  readonly first: string | null;
}

/** Lines may name images: the scans go back to have these read first. */
export interface ImagesUnread {
  readonly scans: readonly Scan[];
}

let ring: KeyRing | undefined;
/** Of the newest trust list that had any. */
let zonesByPlant: { readonly version: number; readonly zones: ReadonlyMap<string, string> } | undefined;

/** Parses and verifies: a piece crosses threads once each way, as a row of columns whose buffers are handed over. */
export default function read(order: ReadOrder): unknown {
  const batch = order.isOnlyParsed === true ? null : readScans(order);
  if (batch === null) {
    const scans = 'text' in order.scans ? [...parseScanLines(order.scans, order.givenUp)] : order.scans;
    return move({
      [valueSymbol]: { scans } satisfies ImagesUnread,
      [transferableSymbol]: 'text' in order.scans ? buffersOfImages(scans) : [],
    });
  }
  return move({ [valueSymbol]: batch, [transferableSymbol]: readingBuffers(batch.columns) });
}

/** Bytes of images that have a buffer of their own. */
function buffersOfImages(scans: readonly Scan[]): ArrayBuffer[] {
  return scans.flatMap(({ mark }) => {
    const bytes = mark.kind === 'image' ? mark.bytes : undefined;
    return bytes?.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength ? [bytes.buffer] : [];
  });
}

/**
 * Null when an image must be read first. A failure at one scan is noted in its row, and all others are read as if
 * nothing had happened: a bug in one parser must not stop the post.
 */
export function readScans({ scans, images, givenUp, receivedAtMs, trust }: ReadOrder): ReadAnswer | null {
  const batchRing = ring?.version === trust.version ? ring : new KeyRing(trust);
  ring = batchRing;
  const builder = new ReadingColumnsBuilder('text' in scans ? scans.ends.length : scans.length);
  let decodeMs = 0;
  let verifyMs = 0;
  let sinceMs = performance.now();
  let index = 0;
  let faults: Faults = { scans: 0, first: null };
  const zoneOf = zonesOf(trust);
  const ignored = new Map<string, IgnoredCount>();
  for (const given of 'text' in scans ? parseScanLines(scans, givenUp) : withGivenUp(scans, givenUp)) {
    const scan = given.scannedAtLocal === undefined ? given : withZone(given, zoneOf);
    const image = images.get(index);
    if (scan.mark.kind === 'image' && image === undefined) return null;
    let fault = faultOf(scan);
    let decodedAtMs = sinceMs;
    try {
      const times = { scannedAtMs: scan.scannedAtMs, receivedAtMs };
      const decoded = decodedMark(scan.mark, times, image, batchRing);
      decodedAtMs = performance.now();
      builder.add(scan, readingOf(decoded, batchRing, times), receivedAtMs);
      if (scan.extra !== null) countIgnored(ignored, scan);
    } catch (error) {
      const mark = brokenMark('reader-failed', error);
      builder.replace(brokenScan(scan, mark), readingOf({ failure: mark.reason }, batchRing, NO_TIMES), receivedAtMs);
      fault = mark.fault ?? null;
    }
    if (fault !== null) faults = { scans: faults.scans + 1, first: faults.first ?? fault };
    decodeMs += decodedAtMs - sinceMs + (image?.readMs ?? 0);
    sinceMs = performance.now();
    verifyMs += sinceMs - decodedAtMs;
    index += 1;
  }
  const columns = builder.finish();
  const unchecked = countUnchecked(columns);
  return { columns, decodeMs, verifyMs, ignored: [...ignored.values()], unchecked, faults };
}

function zonesOf({ version, zones }: ReadOrder['trust']): (plant: string) => string | undefined {
  if (zones === undefined || zones === null) return () => undefined;
  if (zonesByPlant?.version !== version) zonesByPlant = { version, zones: readPlantZones(zones) };
  const known = zonesByPlant.zones;
  return (plant) => known.get(plant);
}

function countIgnored(ignored: Map<string, IgnoredCount>, { scanId, extra, mark }: Scan): void {
  for (const { field, problem } of ignoredFieldsOf(extra, isImageNamed(mark))) {
    const key = `${field} ${problem}`;
    const { scans, firstScanId } = ignored.get(key) ?? { scans: 0, firstScanId: scanId };
    ignored.set(key, { field, problem, scans: scans + 1, firstScanId });
  }
}

function isImageNamed(mark: Mark): boolean {
  return mark.kind === 'image' || (mark.kind === 'payload' && mark.picture !== undefined);
}

function faultOf({ mark }: Scan): string | null {
  return mark.kind === 'none' ? (mark.fault ?? null) : null;
}

function* withGivenUp(scans: readonly Scan[], givenUp: GivenUp): Iterable<Scan> {
  for (const [index, scan] of scans.entries()) {
    if (!givenUp.has(index)) yield scan;
    else yield brokenScan(scan, brokenMark('reader-failed', new Error(THREAD_ENDED)));
  }
}

type Decoded =
  | { readonly payload: Uint8Array; readonly symbology: string | null; readonly parsed: Parsed; readonly note?: string }
  | { readonly failure: ReasonCode; readonly note?: string };

function decodedMark(mark: Mark, times: ScanTimes, image: ImageAnswer | undefined, batchRing: KeyRing): Decoded {
  if (mark.kind === 'payload') return decodedPayload(mark.payload, null);
  if (mark.kind === 'none') return { failure: mark.reason };
  if (image === undefined) throw new Error(`the image of a scan was not read: ${mark.path}`);
  if ('failure' in image) {
    const genuine = genuineAmong(image.candidates, batchRing, times);
    return genuine === null ? image : decodedPayload(genuine, 'DataMatrix', image.note);
  }
  return decodedPayload(image.bytes, image.symbology, image.note);
}

function decodedPayload(payload: Uint8Array, symbology: string | null, note?: string): Decoded {
  const decoded = { payload, symbology, parsed: parseIndicium(payload) };
  return note === undefined ? decoded : { ...decoded, note };
}

function readingOf(decoded: Decoded, batchRing: KeyRing, times: ScanTimes): Reading {
  const unread = { payload: null, symbology: null, indicium: null, contentDigest: 0n, trustVersion: batchRing.version };
  const seen = decoded.note === undefined ? {} : { note: decoded.note };
  if ('failure' in decoded) return { ...unread, ...seen, outcome: decoded.failure };
  const { payload, symbology, parsed } = decoded;
  if ('failure' in parsed) {
    const foreign = foreignNote(payload);
    if (foreign === null) return { ...unread, ...seen, payload, symbology, outcome: parsed.failure };
    const note = decoded.note === undefined ? foreign : `${foreign}; ${decoded.note}`;
    return { ...unread, payload, symbology, outcome: 'no-key', note };
  }
  const { indicium } = parsed;
  const outcome = authenticate(indicium, batchRing, times);
  const signer = signerOf(indicium, outcome, batchRing);
  return {
    payload,
    symbology,
    indicium,
    contentDigest: digest64(indicium.signedBytes),
    outcome,
    trustVersion: batchRing.version,
    ...seen,
    ...(signer !== null && { signer }),
  };
}
