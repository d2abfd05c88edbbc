import { hash } from 'node:crypto';
import { isAbsolute, join, normalize } from 'node:path';
import { Compile } from 'typebox/compile';
import {
  digest64,
  type Mark,
  SCAN_PAYLOAD_BYTES_MAX,
  SCAN_TEXT_CHARS_MAX,
  type Scan,
  SORTING_PASSES,
} from '../indicium/index.ts';
import { EXTRA_CHARS_MAX, IMAGES_PER_PIECE_MAX } from './limits.ts';
import { FrameShape, MomentShape, PayloadShape, TextShape, WeightShape } from './scan-shapes.ts';

const Text = Compile(TextShape);
const Weight = Compile(WeightShape);
const Payload = Compile(PayloadShape);
const Frame = Compile(FrameShape);
const Moment = Compile(MomentShape);

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'scanId',
  'plant',
  'machine',
  'scannedAt',
  'mailpieceId',
  'pass',
  'destination',
  'weightGrams',
  'payload',
  'image',
  'imageBase64',
  'frame',
  'deadlineMs',
]);

/** Where a scan came from, and what it may name. */
export interface ScanOrigin {
  /** Paths of images are relative to it; null where nobody may name files. */
  readonly imageFolder: string | null;
  /** The plant of whoever sent it: a scan that names none is of it, and of no other. Not given, any plant may be named. */
  readonly plant?: string | undefined;
}

export interface LineOrigin extends ScanOrigin {
  /** The scan id of a line that has none of its own. */
  readonly fallbackId: () => string;
}

/**
 * One NDJSON line as a scan. A line that is none still becomes a scan, with a reason: nothing is dropped. A field that
 * only describes the scan and is not as it should be is left out and kept among the unknown ones: the mark counts.
 */
export function parseScanLine(line: string, origin: LineOrigin): Scan {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return malformedScan(origin.fallbackId(), 'not JSON', line);
  }
  if (!isObject(record)) return malformedScan(origin.fallbackId(), 'not a JSON object', line);
  const scanId = textOf(record.scanId);
  if (scanId === null)
    return malformedScan(origin.fallbackId(), '/scanId is missing or no text of 1 to 256 characters', line);
  const scan = scanOfRecord(record, scanId, origin, line);
  if (isOfPlant(scan, origin)) return scan;
  // Under an id of its own: whoever speaks for one plant must not use up the scan ids of another.
  return malformedScan(origin.fallbackId(), '/plant is not that of the sender', line);
}

/** False where the scan names another plant than that of its sender. */
export function isOfPlant(scan: Scan, origin: ScanOrigin): boolean {
  return origin.plant === undefined || scan.plant === null || scan.plant === origin.plant;
}

/** `text` is the record as it came, where it came as text. */
export function scanOfRecord(
  record: Readonly<Record<string, unknown>>,
  scanId: string,
  origin: ScanOrigin,
  text?: string,
): Scan {
  const plant = textOf(record.plant ?? origin.plant);
  const machine = textOf(record.machine);
  const scannedAtMs = momentOf(record.scannedAt);
  const mailpieceId = textOf(record.mailpieceId);
  const pass = SORTING_PASSES.find((known) => known === record.pass) ?? null;
  const destination = textOf(record.destination);
  const weightGrams = Weight.Check(record.weightGrams) ? record.weightGrams : null;
  const read = { plant, machine, scannedAt: scannedAtMs, mailpieceId, pass, destination, weightGrams };
  // The store has room for one name beside the scan; where there are several, all of them are kept.
  const several = Array.isArray(record.image) ? { image: null } : {};
  const extra = extraOf(record, new Map(Object.entries({ ...read, ...several })));
  if (extra !== null && extra.length > EXTRA_CHARS_MAX)
    return malformedScan(scanId, 'unknown fields too long', text ?? extra);
  const payload = record.payload ?? undefined;
  const sent = imageBytesOf(record.imageBase64);
  const sentName = sent === null ? null : imageName(sent);
  const image = sentName ?? record.image ?? undefined;
  const frame = record.frame ?? undefined;
  return {
    scanId,
    plant,
    machine,
    scannedAtMs,
    mailpieceId,
    pass,
    destination,
    weightGrams,
    mark:
      payload === undefined && sent !== null && sentName !== null
        ? sentMark(sent, sentName, frame)
        : markOf(payload, image, frame, origin.imageFolder),
    extra,
    digest: digest64(
      JSON.stringify([
        ...[plant, machine, scannedAtMs, mailpieceId, pass, destination, weightGrams, payload, image],
        ...(frame === undefined ? [] : [frame]),
      ]),
    ),
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text as a database can hold it: half a surrogate pair would come back as another character. */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length === 0) return null;
  // What is short in UTF-16 units is short in characters, too, which take longer to count.
  return value.length <= SCAN_TEXT_CHARS_MAX || Text.Check(value) ? value.toWellFormed() : null;
}

/** Milliseconds of an ISO 8601 time with its zone; null also for the 30th of February, which Date.parse moves on. */
function momentOf(value: unknown): number | null {
  if (!Moment.Check(value)) return null;
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return null;
  const day = Number(value.slice(8, 10));
  if (value.endsWith('Z')) return new Date(ms).getUTCDate() === day ? ms : null;
  const lastDay = new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 0)).getUTCDate();
  return day > lastDay ? null : ms;
}

export function malformedScan(scanId: string, detail: string, line: string): Scan {
  return bareScan(scanId, { kind: 'none', reason: 'scan-malformed', detail }, digest64(line));
}

/** A scan of which nothing is known but its mark. */
export function bareScan(scanId: string, mark: Mark, digest: bigint): Scan {
  return {
    scanId,
    plant: null,
    machine: null,
    scannedAtMs: null,
    mailpieceId: null,
    pass: null,
    destination: null,
    weightGrams: null,
    mark,
    extra: null,
    digest,
  };
}

/** Fields that are unknown, or known and not as they should be, as JSON text; null is like a field that is not there. */
function extraOf(
  record: Readonly<Record<string, unknown>>,
  read: ReadonlyMap<string, string | number | null>,
): string | null {
  let extra: [string, unknown][] | null = null;
  for (const name of Object.keys(record)) {
    const isKept = KNOWN_FIELDS.has(name) && read.get(name) !== null;
    if (isKept || record[name] === null) continue;
    extra ??= [];
    extra.push([name, record[name]]);
  }
  return extra === null ? null : JSON.stringify(Object.fromEntries(extra));
}

function markOf(payload: unknown, image: unknown, frame: unknown, imageFolder: string | null): Mark {
  if (payload !== undefined) return payloadMark(payload);
  if (image === undefined) {
    return { kind: 'none', reason: 'scan-incomplete', detail: 'neither payload nor image' };
  }
  const names = Array.isArray(image) ? image : [image];
  if (names.length === 0 || names.length > IMAGES_PER_PIECE_MAX) {
    return { kind: 'none', reason: 'scan-malformed', detail: `/image names not 1 to ${IMAGES_PER_PIECE_MAX} files` };
  }
  const paths: string[] = [];
  for (const name of names) {
    const named = textOf(name);
    if (named === null) return { kind: 'none', reason: 'scan-malformed', detail: '/image is no path' };
    if (imageFolder === null) return { kind: 'none', reason: 'image-refused', detail: `a file is named: ${named}` };
    const path = normalize(named);
    if (isAbsolute(path) || path === '..' || path.startsWith('../')) {
      return { kind: 'none', reason: 'image-refused', detail: `outside the folder of the scans: ${named}` };
    }
    paths.push(join(imageFolder, path));
  }
  const [path = '', ...others] = paths;
  return framed({ kind: 'image', path, ...(others.length === 0 ? {} : { others }) }, frame);
}

function framed(image: Extract<Mark, { kind: 'image' }>, frame: unknown): Mark {
  if (frame === undefined) return image;
  if (!Frame.Check(frame)) return { kind: 'none', reason: 'scan-malformed', detail: '/frame is no width and height' };
  return { ...image, frame: { width: frame.width, height: frame.height } };
}

/** Bytes of an image that came with its scan, in base64 or as they are; what came in their place; null where none came. */
function imageBytesOf(base64: unknown): Uint8Array | { readonly unusable: unknown } | null {
  if (base64 === undefined || base64 === null) return null;
  if (base64 instanceof Uint8Array) return base64;
  return bytesOfBase64(base64) ?? { unusable: base64 };
}

/** Known by its contents, however they came. */
function imageName(sent: Uint8Array | { readonly unusable: unknown }): string {
  return sent instanceof Uint8Array ? `sha256:${hash('sha256', sent)}` : JSON.stringify(sent);
}

function sentMark(sent: Uint8Array | { readonly unusable: unknown }, path: string, frame: unknown): Mark {
  if (sent instanceof Uint8Array) return framed({ kind: 'image', path, bytes: sent }, frame);
  return { kind: 'none', reason: 'scan-malformed', detail: '/imageBase64 is not base64' };
}

function payloadMark(base64: unknown): Mark {
  const payload = bytesOfBase64(base64);
  if (payload === null) return { kind: 'none', reason: 'scan-malformed', detail: '/payload is not base64' };
  if (payload.length > SCAN_PAYLOAD_BYTES_MAX) {
    return { kind: 'none', reason: 'payload-too-long', detail: `${payload.length} bytes` };
  }
  return { kind: 'payload', payload };
}

function bytesOfBase64(base64: unknown): Buffer | null {
  if (typeof base64 !== 'string') return null;
  const bytes = Buffer.from(base64, 'base64');
  // Encoding it again takes a fifth of the time of the pattern, which a text that ends in other spare bits still fits.
  return bytes.toString('base64') === base64 || Payload.Check(base64) ? bytes : null;
}
