import { hash } from 'node:crypto';
import {
  DuplicateKeyError,
  digest64,
  type Mark,
  SCAN_TEXT_CHARS_MAX,
  type Scan,
  SORTING_PASSES,
} from '../indicium/index.ts';
import { malformedScan } from './bare-scan.ts';
import { EXTRA_CHARS_MAX, RECORD_DEPTH_MAX } from './limits.ts';
import { momentOf } from './moment.ts';
import { isNested, isObject, parseRecord } from './record-json.ts';
import { brokenScan, isFault, scanOrBroken } from './scan-faults.ts';
import { SCAN_FIELD_NAMES } from './scan-field-names.ts';
import { markOf, storableText } from './scan-mark.ts';
import { isWeight } from './scan-values.ts';

/** A name of a file stands only where files may be named, a deadline only where somebody waits. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([...SCAN_FIELD_NAMES, 'image', 'deadlineMs']);

export function isKnownField(name: string): boolean {
  return KNOWN_FIELDS.has(name);
}

/** Where a scan came from, and what it may name. */
export interface ScanOrigin {
  /** Paths of images are relative to it; null where nobody may name files. */
  readonly imageFolder: string | null;
  /** The plant of the sender: a scan that names none is of it, and of no other. Not given, any plant may be named. */
  readonly plant?: string | undefined;
  /** Id of the token or client certificate that it came with, if any. */
  readonly sender?: string | undefined;
}

interface LineOrigin extends ScanOrigin {
  /** The scan id of a line that has none of its own. */
  readonly fallbackId: () => string;
}

/**
 * One NDJSON line as a scan. A line that is not one still becomes a scan, with a reason: nothing is dropped. A field
 * that only describes the scan and is not as it should be is left out and kept among the unknown ones: the mark counts.
 */
export function parseScanLine(line: string, origin: LineOrigin): Scan {
  const malformed = (scanId: string, detail: string): Scan => {
    return { ...malformedScan(scanId, detail, line), ...namedBy(origin) };
  };
  const read = readRecord(line);
  if ('problem' in read) return malformed(origin.fallbackId(), read.problem);
  const made = scanOfRecord(read.record, read.scanId, origin);
  const scan = isFault(made) ? { ...made, digest: digest64(line) } : made;
  if (isOfPlant(scan, origin)) return scan;
  // Under an id of its own: a sender of one plant must not use up the scan ids of another.
  return malformed(origin.fallbackId(), '/plant is not that of the sender');
}

/** False where the scan names another plant than that of its sender. */
export function isOfPlant(scan: Scan, origin: ScanOrigin): boolean {
  return origin.plant === undefined || scan.plant === null || scan.plant === origin.plant;
}

/** A scan whose id is known, from any record; never throws. */
export function scanOfRecord(record: Readonly<Record<string, unknown>>, scanId: string, origin: ScanOrigin): Scan {
  return scanOrBroken(
    () => madeOf(record, scanId, origin),
    (mark) => {
      // What its sender calls its plant also counts here: nobody may use up the scan ids of another.
      const plant = typeof record.plant === 'string' ? record.plant.slice(0, SCAN_TEXT_CHARS_MAX).toWellFormed() : null;
      const by = { ...namedBy(origin), ...(plant !== null && { plant }) };
      return brokenScan({ scanId, ...by, digest: digest64(mark.detail) }, mark);
    },
  );
}

/** What was made of known fields, null where nothing was. An object, since a map takes 0.6 µs a scan. */
type ReadFields = Record<string, string | number | null>;

function madeOf(record: Readonly<Record<string, unknown>>, scanId: string, origin: ScanOrigin): Scan {
  if (isNested(record, RECORD_DEPTH_MAX)) {
    const detail = `nested deeper than ${RECORD_DEPTH_MAX} levels`;
    return { ...malformedScan(scanId, detail, Object.keys(record).join()), ...namedBy(origin) };
  }
  // One that is not text is kept among the unknown fields: a token still says where the scan was made.
  const namedPlant = storableText(record.plant);
  const plant = namedPlant ?? origin.plant ?? null;
  const machine = storableText(record.machine);
  const moment = record.scannedAt === undefined ? null : momentOf(record.scannedAt);
  const scannedAtMs = moment !== null && 'ms' in moment ? moment.ms : null;
  const localTime = moment !== null && 'local' in moment ? moment.local : null;
  const mailpieceId = storableText(record.mailpieceId);
  const pass = SORTING_PASSES.find((known) => known === record.pass) ?? null;
  const destination = storableText(record.destination);
  const weightGrams = isWeight(record.weightGrams) ? record.weightGrams : null;
  const read: ReadFields = {
    plant: namedPlant,
    machine,
    scannedAt: scannedAtMs,
    mailpieceId,
    pass,
    destination,
    weightGrams,
  };
  // The store has room for one name beside the scan; where there are several, all of them are kept.
  if (Array.isArray(record.image)) read.image = null;
  const named = markOf(
    {
      payload: record.payload ?? undefined,
      image: record.image ?? undefined,
      imageBase64: record.imageBase64 ?? undefined,
      frame: record.frame ?? undefined,
    },
    origin.imageFolder,
  );
  const { unread } = named;
  const unreadNames = Object.keys(unread);
  for (const name of unreadNames) read[name] = null;
  const extra = extraOf(unreadNames.length === 0 ? record : { ...record, ...unread }, read);
  const mark = heldTo(origin.imageFolder, named.mark);
  // A time without a zone tells two scans apart like any other, whether or not its plant's zone is known one day.
  const known = [
    plant,
    machine,
    scannedAtMs ?? localTime,
    mailpieceId,
    pass,
    destination,
    weightGrams,
    ...named.identity,
  ];
  if (typeof extra === 'object' && extra !== null) {
    const text = JSON.stringify([known, extra.sha256]);
    return { ...malformedScan(scanId, 'unknown fields too long', text), ...namedBy(origin), plant };
  }
  return {
    scanId,
    plant,
    machine,
    scannedAtMs,
    ...(localTime !== null && { scannedAtLocal: localTime }),
    mailpieceId,
    pass,
    destination,
    weightGrams,
    mark,
    extra,
    sender: origin.sender ?? null,
    digest: digest64(JSON.stringify(known)),
  };
}

/** What is known of a scan from its sender, no matter what its record says. */
function namedBy({ plant, sender }: ScanOrigin): Pick<Scan, 'plant' | 'sender'> {
  return { plant: plant ?? null, sender: sender ?? null };
}

/** A name says where a file is, and links may lead elsewhere: the reader is told the folder that the file must lie in. */
function heldTo(folder: string | null, mark: Mark): Mark {
  const isFile = mark.kind === 'image' && mark.bytes === undefined;
  return isFile && folder !== null ? { ...mark, within: folder } : mark;
}

/** A record with the scan id that it goes by, or why the line is not one. */
export function readRecord(
  line: string,
): { readonly record: Readonly<Record<string, unknown>>; readonly scanId: string } | { readonly problem: string } {
  let record: unknown;
  try {
    record = parseRecord(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { problem: error instanceof DuplicateKeyError ? error.message : 'not JSON' };
  }
  if (!isObject(record)) return { problem: 'not a JSON object' };
  const scanId = storableText(record.scanId);
  return scanId === null ? { problem: problemOfScanId(record.scanId) } : { record, scanId };
}

/** Why a value cannot be a scan id. */
export function problemOfScanId(value: unknown): string {
  const isHalf = typeof value === 'string' && !value.isWellFormed();
  return isHalf ? '/scanId holds half of a surrogate pair' : '/scanId is missing or not text of 1 to 256 characters';
}

/**
 * Fields that are unknown, or known and not as they should be, as JSON text, and a digest of those that are too long; null
 * is like a field that is not there.
 */
function extraOf(
  record: Readonly<Record<string, unknown>>,
  read: Readonly<ReadFields>,
): string | { readonly sha256: string } | null {
  let extra: [string, unknown][] | null = null;
  for (const name of Object.keys(record)) {
    const isKept = KNOWN_FIELDS.has(name) && read[name] !== null;
    if (isKept || record[name] === null) continue;
    extra ??= [];
    extra.push([name, record[name]]);
  }
  if (extra === null) return null;
  let chars = 0;
  for (const [name, value] of extra) chars += name.length + (typeof value === 'string' ? value.length : 0);
  if (chars > EXTRA_CHARS_MAX) return { sha256: digestOf(extra) };
  const text = JSON.stringify(Object.fromEntries(extra));
  return text.length > EXTRA_CHARS_MAX ? { sha256: digestOf(extra) } : text;
}

/** Of texts themselves: to write 12 MB of them as JSON first takes 90 ms where they are full of quotes. */
function digestOf(fields: readonly (readonly [string, unknown])[]): string {
  const digests = fields.map(([name, value]) => {
    const isText = typeof value === 'string';
    return `${hash('sha256', name)}${isText ? '"' : ':'}${hash('sha256', isText ? value : JSON.stringify(value))}`;
  });
  return hash('sha256', digests.join());
}
