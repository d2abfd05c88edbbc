import { hash } from 'node:crypto';
import { isAbsolute, join, normalize } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
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
  readonly fallbackId: string;
  readonly imageFolder: string;
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
    return malformedScan(origin.fallbackId, 'not JSON', line);
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return malformedScan(origin.fallbackId, 'not a JSON object', line);
  }
  const fields = new Map<string, unknown>(Object.entries(record).filter(([, value]) => value !== null));
  const scanId = textOf(fields.get('scanId'));
  if (scanId === null)
    return malformedScan(origin.fallbackId, '/scanId is missing or no text of 1 to 256 characters', line);

  const described = describedFields(fields);
  const extra = extraOf(fields, described.unusable);
  if (extra !== null && extra.length > EXTRA_CHARS_MAX) return malformedScan(scanId, 'unknown fields too long', line);
  const { plant, machine, scannedAtMs, mailpieceId, pass, destination, weightGrams } = described;
  const [payload, image, frame] = [fields.get('payload'), fields.get('image'), fields.get('frame')];
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
    digest: digestOf(
      JSON.stringify([
        ...[plant, machine, scannedAtMs, mailpieceId, pass, destination, weightGrams, payload, image],
        ...(frame === undefined ? [] : [frame]),
      ]),
    ),
  };
}

function describedFields(fields: ReadonlyMap<string, unknown>) {
  const unusable: string[] = [];
  const take = <Value>(name: string, read: (value: unknown) => Value | null): Value | null => {
    const value = fields.get(name);
    if (value === undefined) return null;
    const taken = read(value);
    if (taken === null) unusable.push(name);
    return taken;
  };
  return {
    plant: take('plant', textOf),
    machine: take('machine', textOf),
    scannedAtMs: take('scannedAt', momentOf),
    mailpieceId: take('mailpieceId', textOf),
    pass: take('pass', (value) => SORTING_PASSES.find((pass) => pass === value) ?? null),
    destination: take('destination', textOf),
    weightGrams: take('weightGrams', (value) => (Weight.Check(value) ? value : null)),
    unusable,
  };
}

/** Text as a database can hold it: half a surrogate pair would come back as another character. */
function textOf(value: unknown): string | null {
  return Text.Check(value) ? value.toWellFormed() : null;
}

/** Milliseconds of an ISO 8601 time with its zone; null also for the 30th of February, which Date.parse moves on. */
function momentOf(value: unknown): number | null {
  if (!Moment.Check(value)) return null;
  const [year = 0, month = 0, day = 0] = value.slice(0, 10).split('-').map(Number);
  const ms = Date.parse(value);
  return Number.isNaN(ms) || day > new Date(Date.UTC(year, month, 0)).getUTCDate() ? null : ms;
}

export function malformedScan(scanId: string, detail: string, line: string): Scan {
  return bareScan(scanId, { kind: 'none', reason: 'scan-malformed', detail }, digestOf(line));
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

/** 64 bits of SHA-256: two scans are the same when scan id and digest agree. */
export function digestOf(text: string): bigint {
  return hash('sha256', text, 'buffer').readBigUInt64BE(0);
}

function extraOf(fields: ReadonlyMap<string, unknown>, unusable: readonly string[]): string | null {
  const extra = [...fields].filter(([name]) => !KNOWN_FIELDS.has(name) || unusable.includes(name));
  return extra.length === 0 ? null : JSON.stringify(Object.fromEntries(extra));
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
  if (!Payload.Check(base64)) return { kind: 'none', reason: 'scan-malformed', detail: '/payload is not base64' };
  const payload = Buffer.from(base64, 'base64');
  if (payload.length > SCAN_PAYLOAD_BYTES_MAX) {
    return { kind: 'none', reason: 'payload-too-long', detail: `${payload.length} bytes` };
  }
  return { kind: 'payload', payload };
}
