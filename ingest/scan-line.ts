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
import { EXTRA_CHARS_MAX } from './limits.ts';

const Text = Type.String({ minLength: 1, maxLength: SCAN_TEXT_CHARS_MAX });

/** The scan record of the command line's contract. Unknown fields are kept. */
const ScanRecord = Type.Object({
  scanId: Text,
  plant: Type.Optional(Text),
  machine: Type.Optional(Text),
  scannedAt: Type.Optional(
    Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$' }),
  ),
  mailpieceId: Type.Optional(Text),
  pass: Type.Optional(Type.Union(SORTING_PASSES.map((pass) => Type.Literal(pass)))),
  destination: Type.Optional(Text),
  weightGrams: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })),
  payload: Type.Optional(Type.String()),
  image: Type.Optional(Text),
});
const validator = Compile(ScanRecord);
const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(ScanRecord.properties));

/** Where a line came from: its scan id when it has none of its own, and the folder its image paths start from. */
export interface LineOrigin {
  readonly fallbackId: string;
  readonly imageFolder: string;
}

/** One NDJSON line as a scan. A line that is none still becomes a scan, with a reason: nothing is dropped. */
export function parseScanLine(line: string, origin: LineOrigin): Scan {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return malformedScan(origin.fallbackId, 'not JSON', line);
  }
  if (!validator.Check(record)) {
    const [first] = validator.Errors(record);
    const detail = first === undefined ? 'not a scan' : `${first.instancePath} ${first.message}`.trim();
    return malformedScan(scanIdOf(record) ?? origin.fallbackId, detail, line);
  }
  const scannedAtMs = record.scannedAt === undefined ? null : Date.parse(record.scannedAt);
  if (Number.isNaN(scannedAtMs)) return malformedScan(record.scanId, '/scannedAt is no date', line);
  const extra = extraFields(record);
  if (extra !== null && extra.length > EXTRA_CHARS_MAX)
    return malformedScan(record.scanId, 'unknown fields too long', line);
  return {
    scanId: record.scanId,
    plant: record.plant ?? null,
    machine: record.machine ?? null,
    scannedAtMs,
    mailpieceId: record.mailpieceId ?? null,
    pass: record.pass ?? null,
    destination: record.destination ?? null,
    weightGrams: record.weightGrams ?? null,
    mark: markOf(record.payload, record.image, origin.imageFolder),
    extra,
    digest: digestOf(
      JSON.stringify([
        record.plant,
        record.machine,
        scannedAtMs,
        record.mailpieceId,
        record.pass,
        record.destination,
        record.weightGrams,
        record.payload,
        record.image,
      ]),
    ),
  };
}

export function malformedScan(scanId: string, detail: string, line: string): Scan {
  return {
    scanId,
    plant: null,
    machine: null,
    scannedAtMs: null,
    mailpieceId: null,
    pass: null,
    destination: null,
    weightGrams: null,
    mark: { kind: 'none', reason: 'scan-malformed', detail },
    extra: null,
    digest: digestOf(line),
  };
}

/** 64 bits of SHA-256: two scans are the same when scan id and digest agree. */
export function digestOf(text: string): bigint {
  return hash('sha256', text, 'buffer').readBigUInt64BE(0);
}

function scanIdOf(record: unknown): string | null {
  if (typeof record !== 'object' || record === null || !('scanId' in record)) return null;
  const { scanId } = record;
  const usable = typeof scanId === 'string' && scanId.length > 0 && scanId.length <= SCAN_TEXT_CHARS_MAX;
  return usable ? scanId : null;
}

function extraFields(record: object): string | null {
  const extra = Object.entries(record).filter(([name]) => !KNOWN_FIELDS.has(name));
  return extra.length === 0 ? null : JSON.stringify(Object.fromEntries(extra));
}

function markOf(payload: string | undefined, image: string | undefined, imageFolder: string): Mark {
  if (payload !== undefined) return payloadMark(payload);
  if (image === undefined) {
    return { kind: 'none', reason: 'scan-incomplete', detail: 'neither payload nor image' };
  }
  const path = normalize(image);
  if (isAbsolute(path) || path === '..' || path.startsWith('../')) {
    return { kind: 'none', reason: 'image-refused', detail: `outside the folder of the scans: ${image}` };
  }
  return { kind: 'image', path: join(imageFolder, path) };
}

function payloadMark(base64: string): Mark {
  const payload = Buffer.from(base64, 'base64');
  // Node skips characters that are not base64; a payload that lost some is not what was sent.
  if (payload.length !== Buffer.byteLength(base64, 'base64')) {
    return { kind: 'none', reason: 'scan-malformed', detail: '/payload is not base64' };
  }
  if (payload.length > SCAN_PAYLOAD_BYTES_MAX) {
    return { kind: 'none', reason: 'payload-too-long', detail: `${payload.length} bytes` };
  }
  return { kind: 'payload', payload };
}
