import { type Scan, SORTING_PASSES } from '../indicium/index.ts';
import { momentInZone, momentOf } from './moment.ts';
import { isObject } from './record-json.ts';

/** Why a field that describes a scan is not used, as a sentence goes on after its name. */
export const FIELD_PROBLEMS = {
  'not-text': 'is not text',
  'too-long': 'has more than 256 characters',
  'broken-text': 'holds half of a surrogate pair',
  'not-a-time': 'is not a time by RFC 3339 or ISO 8601',
  'no-zone': 'has no zone, and the registry has none for the plant',
  'unknown-pass': `is not one of ${SORTING_PASSES.join(', ')}`,
  'not-grams': 'is not a whole number of grams',
  'not-read': 'was not read, since the scan has its mark in another field',
} as const;
type FieldProblem = keyof typeof FIELD_PROBLEMS;

/** A field of a scan that was given and not used, since it is not as it should be. Its value is kept among the unknown fields. */
export interface IgnoredField {
  readonly field: string;
  readonly problem: FieldProblem;
}

const PROBLEM_OF: Readonly<Record<string, (value: unknown) => FieldProblem>> = {
  plant: problemOfText,
  machine: problemOfText,
  scannedAt: (value) => {
    const moment = momentOf(value);
    return 'problem' in moment ? moment.problem : 'not-a-time';
  },
  mailpieceId: problemOfText,
  pass: () => 'unknown-pass',
  destination: problemOfText,
  weightGrams: () => 'not-grams',
  image: () => 'not-read',
  imageBase64: () => 'not-read',
  frame: () => 'not-read',
};

/** Whether any of them may be there at all, in text that is not parsed for it. */
const MAY_BE_THERE = new RegExp(`"(?:${Object.keys(PROBLEM_OF).join('|')})":`);

const NONE: readonly IgnoredField[] = [];

/**
 * Which fields of a scan were not used. `extra` is that of the scan: a known field stands there only if it could not be used. An
 * empty text is like a field that is not there. `isImageNamed`: the scan names an image; of several names one stands for all, and
 * all are kept here.
 */
export function ignoredFieldsOf(extra: string | null, isImageNamed: boolean): readonly IgnoredField[] {
  if (extra === null || !MAY_BE_THERE.test(extra)) return NONE;
  const fields: unknown = JSON.parse(extra);
  if (!isObject(fields)) return NONE;
  const ignored: IgnoredField[] = [];
  for (const [field, problemOf] of Object.entries(PROBLEM_OF)) {
    const value = fields[field];
    const isKeptBeside = field === 'image' && isImageNamed && Array.isArray(value);
    if (value !== undefined && value !== '' && !isKeptBeside) ignored.push({ field, problem: problemOf(value) });
  }
  return ignored;
}

function problemOfText(value: unknown): FieldProblem {
  if (typeof value !== 'string') return 'not-text';
  return value.isWellFormed() ? 'too-long' : 'broken-text';
}

/** The scan with the moment that its local time names at its plant, where the zone of the plant is known. */
export function withZone(scan: Scan, zoneOf: (plant: string) => string | undefined): Scan {
  const { scannedAtLocal, plant, extra } = scan;
  if (scannedAtLocal === undefined || plant === null || extra === null) return scan;
  const zone = zoneOf(plant);
  const scannedAtMs = zone === undefined ? null : momentInZone(scannedAtLocal, zone);
  if (scannedAtMs === null) return scan;
  const { scannedAt: _, ...others }: Record<string, unknown> = JSON.parse(extra);
  return { ...scan, scannedAtMs, extra: Object.keys(others).length === 0 ? null : JSON.stringify(others) };
}
