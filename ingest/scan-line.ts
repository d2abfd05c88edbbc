import { isAbsolute, join, normalize } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  digest64,
  type Mark,
  SCAN_PAYLOAD_BYTES_MAX,
  SCAN_TEXT_CHARS_MAX,
  type Scan,
  SORTING_PASSES,
} from '../indicium/index.ts';
import { EXTRA_CHARS_MAX, FRAME_SIDE_PX_MAX } from './limits.ts';

const Text = Compile(Type.String({ minLength: 1, maxLength: SCAN_TEXT_CHARS_MAX }));
const Weight = Compile(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }));
const Payload = Compile(Type.String({ pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' }));
const Frame = Compile(
  Type.Object({
    width: Type.Integer({ minimum: 1, maximum: FRAME_SIDE_PX_MAX }),
    height: Type.Integer({ minimum: 1, maximum: FRAME_SIDE_PX_MAX }),
  }),
);
const Moment = Compile(
  Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$' }),
);

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
  'frame',
]);

/** Where a line came from: its scan id when it has none of its own, and the folder its image paths start from. */
export interface LineOrigin {
  readonly fallbackId: () => string;
  readonly imageFolder: string;
}

/**
 * One NDJSON line as a scan. A line that is none still becomes a scan, with a reason: nothing is dropped. A field that
 * only describes the scan and is not as it should be is left out and kept among the unknown ones: the mark counts.
 */
export function parseScanLine(line: string, origin: LineOrigin): Scan {
  const read = readRecord(line);
  if ('problem' in read) return malformedScan(origin.fallbackId(), read.problem, line);
  const { record, scanId } = read;

  const plant = textOf(record.plant);
  const machine = textOf(record.machine);
  const scannedAtMs = momentOf(record.scannedAt);
  const mailpieceId = textOf(record.mailpieceId);
  const pass = SORTING_PASSES.find((known) => known === record.pass) ?? null;
  const destination = textOf(record.destination);
  const weightGrams = Weight.Check(record.weightGrams) ? record.weightGrams : null;
  const fields = { plant, machine, scannedAt: scannedAtMs, mailpieceId, pass, destination, weightGrams };
  const extra = extraOf(record, new Map(Object.entries(fields)));
  if (extra !== null && extra.length > EXTRA_CHARS_MAX) return malformedScan(scanId, 'unknown fields too long', line);
  const payload = record.payload ?? undefined;
  const image = record.image ?? undefined;
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
    mark: markOf(payload, image, frame, origin.imageFolder),
    extra,
    digest: digest64(
      JSON.stringify([
        ...[plant, machine, scannedAtMs, mailpieceId, pass, destination, weightGrams, payload, image],
        ...(frame === undefined ? [] : [frame]),
      ]),
    ),
  };
}

/** A record with the scan id that it goes by, or why the line is none. */
export function readRecord(
  line: string,
): { readonly record: Readonly<Record<string, unknown>>; readonly scanId: string } | { readonly problem: string } {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return { problem: 'not JSON' };
  }
  if (!isObject(record)) return { problem: 'not a JSON object' };
  const scanId = textOf(record.scanId);
  return scanId === null ? { problem: '/scanId is missing or no text of 1 to 256 characters' } : { record, scanId };
}

/** A JSON object, neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text as a database can hold it: half a surrogate pair would come back as another character. */
function textOf(value: unknown): string | null {
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

function markOf(payload: unknown, image: unknown, frame: unknown, imageFolder: string): Mark {
  if (payload !== undefined) return payloadMark(payload);
  if (image === undefined) {
    return { kind: 'none', reason: 'scan-incomplete', detail: 'neither payload nor image' };
  }
  const named = textOf(image);
  if (named === null) return { kind: 'none', reason: 'scan-malformed', detail: '/image is no path' };
  const path = normalize(named);
  if (isAbsolute(path) || path === '..' || path.startsWith('../')) {
    return { kind: 'none', reason: 'image-refused', detail: `outside the folder of the scans: ${named}` };
  }
  const file = { kind: 'image', path: join(imageFolder, path) } as const;
  if (frame === undefined) return file;
  if (!Frame.Check(frame)) return { kind: 'none', reason: 'scan-malformed', detail: '/frame is no width and height' };
  return { ...file, frame: { width: frame.width, height: frame.height } };
}

function payloadMark(base64: unknown): Mark {
  const payload = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null;
  // Encoding it again takes a fifth of the time of the pattern, which a text that ends in other spare bits still fits.
  const isBase64 = payload !== null && (payload.toString('base64') === base64 || Payload.Check(base64));
  if (!isBase64) return { kind: 'none', reason: 'scan-malformed', detail: '/payload is not base64' };
  if (payload.length > SCAN_PAYLOAD_BYTES_MAX) {
    return { kind: 'none', reason: 'payload-too-long', detail: `${payload.length} bytes` };
  }
  return { kind: 'payload', payload };
}
