import { isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { Compile } from 'typebox/compile';
import { BATCH_REQUEST_SCANS_MAX, DEADLINE_MS_MAX, DeadlineMs, ProblemError } from '../../api/index.ts';
import { DuplicateKeyError, type Scan } from '../../indicium/index.ts';
import {
  isObject,
  isOfPlant,
  parseRecord,
  problemOfScanId,
  type ScanOrigin,
  scanOfRecord,
  storableText,
} from '../../scans/index.ts';
import { BATCH_BYTES_PER_SCAN, JSON_DEPTH_MAX, JSON_TURN_BYTES, SCAN_VALUES_MAX } from '../limits.ts';
import { excessOf } from './json-bounds.ts';

/** A scan that somebody wants a verdict for. */
export interface RequestedScan {
  readonly scan: Scan;
  /** From the arrival of the request; null to wait for as long as it takes. */
  readonly deadlineMs: number | null;
}

/** RFC 8259, section 8.1: a parser may take it. */
const BYTE_ORDER_MARK = '\u{feff}';
const Deadline = Compile(DeadlineMs);

/** Does work that a body of so many bytes asks for, on the account of its sender. */
export type Spend = <Result>(bytes: number, work: () => Result) => Result;

/** Whose account a body is read and parsed on. */
export interface ParsedFor {
  readonly read: (bytes: number) => void;
  readonly spend: Spend;
}

const FREE: Spend = (_bytes, work) => work();

/**
 * JSON of a body. A large one is looked through, parsed and made into scans in turns of their own, so that nobody waits for
 * all of it at once.
 *
 * @throws ProblemError
 */
export async function parseJson(body: Buffer, valuesMax = SCAN_VALUES_MAX, spend: Spend = FREE): Promise<unknown> {
  const isLarge = body.length > JSON_TURN_BYTES;
  const text = spend(body.length, () => boundedText(body, valuesMax));
  if (isLarge) await setImmediate();
  const value = spend(body.length, () => parsed(text));
  if (isLarge) await setImmediate();
  return value;
}

function boundedText(body: Buffer, valuesMax: number): string {
  // Decoding turns every invalid byte into U+FFFD, so that two scan ids would become one.
  if (!isUtf8(body)) throw new ProblemError('bad-request', 'not UTF-8');
  const excess = excessOf(body, { levelsMax: JSON_DEPTH_MAX, valuesMax });
  if (excess !== null) {
    const most = excess === 'levels' ? JSON_DEPTH_MAX : valuesMax;
    throw new ProblemError('bad-request', `JSON of more than ${most} ${excess}`);
  }
  return body.toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return parseRecord(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch (error) {
    if (error instanceof DuplicateKeyError) throw new ProblemError('bad-request', error.message);
    throw new ProblemError('bad-request', `not JSON: ${error instanceof SyntaxError ? error.message : error}`);
  }
}

/**
 * One scan of a request. Refused is only what could not be answered or was not meant; everything else gets a verdict,
 * which says what was wrong with it.
 *
 * @throws ProblemError
 */
export function requestedScan(record: unknown, origin: ScanOrigin, place = ''): RequestedScan {
  if (!isObject(record)) throw new ProblemError('bad-request', `${place || '/'} is not a JSON object`);
  const scanId = storableText(record.scanId);
  if (scanId === null) {
    throw new ProblemError('bad-request', `${place}${problemOfScanId(record.scanId)}`);
  }
  if (isGiven(record.image)) {
    throw new ProblemError(
      'bad-request',
      `${place}/image names a file, which is not read here: send imageBase64`,
      scanId,
    );
  }
  if (isGiven(record.payload) && isGiven(record.imageBase64)) {
    throw new ProblemError('bad-request', `${place} has both payload and imageBase64`, scanId);
  }
  const deadlineMs = deadlineOf(record.deadlineMs, `${place}/deadlineMs`, scanId);
  const scan = scanOfRecord(record, scanId, origin);
  if (!isOfPlant(scan, origin)) {
    throw new ProblemError(
      'forbidden',
      `${place}/plant is ${scan.plant}, but the token is for ${origin.plant}`,
      scanId,
    );
  }
  return { scan, deadlineMs };
}

/** @throws ProblemError */
export function requestedBatch(body: unknown, origin: ScanOrigin): readonly RequestedScan[] {
  if (!isObject(body) || !Array.isArray(body.scans)) throw new ProblemError('bad-request', '/scans is not an array');
  const { scans } = body;
  if (scans.length === 0 || scans.length > BATCH_REQUEST_SCANS_MAX) {
    throw new ProblemError('bad-request', `/scans has ${scans.length} scans, not 1 to ${BATCH_REQUEST_SCANS_MAX}`);
  }
  const common = deadlineOf(body.deadlineMs, '/deadlineMs');
  return scans.map((record: unknown, index) => {
    const requested = requestedScan(record, origin, `/scans/${index}`);
    return { ...requested, deadlineMs: requested.deadlineMs ?? common };
  });
}

/** @throws ProblemError where it is there and is invalid. */
export function deadlineOf(value: unknown, place: string, scanId?: string): number | null {
  if (!isGiven(value)) return null;
  if (Deadline.Check(value)) return value;
  throw new ProblemError('bad-request', `${place} is not a whole number from 1 to ${DEADLINE_MS_MAX}`, scanId);
}

/** Null is like a field that is not there. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Estimates how many scans a batch of this size has, before it is read. */
export function estimatedScansIn(bytes: number): number {
  return Math.min(Math.max(1, Math.floor(bytes / BATCH_BYTES_PER_SCAN)), BATCH_REQUEST_SCANS_MAX);
}

/** Bytes that wait with a scan, over what every scan takes. */
export function bytesOfScan({ mark, extra }: Scan): number {
  const bytes = mark.kind === 'image' ? (mark.bytes?.length ?? 0) : 0;
  return bytes + (extra?.length ?? 0);
}
