import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { type Problem, ProblemError, problem } from '../../../api/index.ts';
import {
  isObject,
  LINE_BYTES_MAX,
  type Line,
  lineText,
  parseRecord,
  type ScanOrigin,
  storableText,
} from '../../../scans/index.ts';
import { JSON_DEPTH_MAX, SCAN_VALUES_MAX } from '../../limits.ts';
import { excessOf } from '../json-bounds.ts';
import { deadlineOf } from '../scan-request.ts';

/**
 * Longer lines than a file of scans may have carry images: brackets or fields in their place would keep a reader busy for
 * long, so that they are taken as lines that are too long.
 */
export function withinBounds(line: Line): Line {
  const { bytes } = line;
  const bounds = { levelsMax: JSON_DEPTH_MAX, valuesMax: SCAN_VALUES_MAX };
  if (bytes === null || bytes.length <= LINE_BYTES_MAX || excessOf(bytes, bounds) === null) return line;
  return { ...line, bytes: null, skippedDigest: hash('sha256', bytes) };
}

/** A line that does not wait forever. */
interface LineDeadline {
  readonly scanId: string;
  readonly plant: string | null;
  readonly ms: number;
}

const DEADLINE_FIELD = Buffer.from('"deadlineMs"');

/** Null for most lines, which have no deadline and are parsed by the readers alone; a problem for an invalid one. */
export function deadlineOfLine({ bytes }: Line, origin: ScanOrigin, fallbackId: string): LineDeadline | Problem | null {
  if (bytes === null || !bytes.includes(DEADLINE_FIELD) || !isUtf8(bytes)) return null;
  const record = recordOf(bytes);
  if (!isObject(record)) return null;
  const scanId = storableText(record.scanId);
  // What is not a scan gets a verdict that says so, no matter what else is wrong with it.
  if (scanId === null) return null;
  try {
    const ms = deadlineOf(record.deadlineMs, '/deadlineMs', scanId);
    if (ms === null) return null;
    const plant = storableText(record.plant);
    const isForeign = origin.plant !== undefined && plant !== null && plant !== origin.plant;
    // Recorded as a line of its sender, whose word for another plant does not count.
    return { scanId: isForeign ? fallbackId : scanId, plant: origin.plant ?? plant, ms };
  } catch (error) {
    if (error instanceof ProblemError) return problem(error.code, error.message, error.scanId);
    throw error;
  }
}

function recordOf(bytes: Buffer): unknown {
  try {
    return parseRecord(lineText(bytes, 0, bytes.length));
  } catch {
    // The parser of the lines says so in its verdict.
    return null;
  }
}
