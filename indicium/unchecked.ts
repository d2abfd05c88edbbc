import { bytesAt, isValid, type Validity } from './columns/column.ts';
import type { ReadingColumns } from './columns/reading-columns.ts';
import { GENUINE_OUTCOMES } from './reading.ts';

/**
 * Checks of a genuine mark that could not be made, since its scan does not say what they take: a closed set, sent to
 * sorters. A code never changes its meaning. `column` is the value that is missing.
 */
export const UNCHECKED = {
  date: {
    column: 'scannedAtMs',
    sentence: 'The scan has no time: the date of the mark was not compared with it, and its way was not timed.',
  },
  receipt: {
    column: 'receivedAtMs',
    sentence: 'The time of receipt is not known: the date of the mark was not compared with it.',
  },
  mailpiece: {
    column: 'mailpieceId',
    sentence: 'The scan has no mailpiece id: it cannot tell one mailpiece with this mark from another.',
  },
  plant: {
    column: 'plant',
    sentence: 'The scan names no plant: the way of the piece between plants was not followed.',
  },
  pass: { column: 'pass', sentence: 'The scan names no pass: it was not placed between origin and destination.' },
  destination: {
    column: 'destination',
    sentence: 'The scan has no destination: it was not compared with that of the mark or of other scans.',
  },
  weight: { column: 'weightGrams', sentence: 'The scan has no weight: it was not compared with that of other scans.' },
} as const satisfies Readonly<Record<string, { column: keyof ReadingColumns; sentence: string }>>;

export type UncheckedCode = keyof typeof UNCHECKED;

export const UNCHECKED_CODES: readonly UncheckedCode[] = Object.keys(UNCHECKED).filter(isUncheckedCode);

function isUncheckedCode(text: string): text is UncheckedCode {
  return Object.hasOwn(UNCHECKED, text);
}

const COLUMNS = UNCHECKED_CODES.map((code) => UNCHECKED[code].column);
/** By the bits of the values that are missing: most scans of a plant lack the same ones. */
const CODES_OF: readonly (readonly UncheckedCode[])[] = Array.from({ length: 1 << UNCHECKED_CODES.length }, (_, bits) =>
  UNCHECKED_CODES.filter((_code, bit) => (bits & (1 << bit)) !== 0),
);
const GENUINE = GENUINE_OUTCOMES.map((outcome) => Buffer.from(outcome));

/** Which checks of the mark in a row were not made; none where the mark is not genuine, since its reason says why. */
export function uncheckedAt(readings: ReadingColumns, row: number): readonly UncheckedCode[] {
  const outcome = bytesAt(readings.outcome, row);
  if (!GENUINE.some((genuine) => genuine.equals(outcome))) return [];
  let bits = 0;
  for (const [bit, column] of COLUMNS.entries()) {
    if (!isValid(validityOf(readings, column), row)) bits |= 1 << bit;
  }
  return CODES_OF[bits] ?? [];
}

function validityOf(readings: ReadingColumns, column: keyof ReadingColumns): Validity {
  return readings[column].valid;
}

/** How many scans left each check open. */
export type UncheckedCounts = Readonly<Partial<Record<UncheckedCode, number>>>;

export function countUnchecked(readings: ReadingColumns): UncheckedCounts {
  const scans: Partial<Record<UncheckedCode, number>> = {};
  for (let row = 0; row < readings.weightGrams.values.length; row++) {
    for (const code of uncheckedAt(readings, row)) scans[code] = (scans[code] ?? 0) + 1;
  }
  return scans;
}

export function addedUnchecked(one: UncheckedCounts, other: UncheckedCounts): UncheckedCounts {
  const counts = UNCHECKED_CODES.map((code) => [code, (one[code] ?? 0) + (other[code] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, scans]) => scans > 0));
}
