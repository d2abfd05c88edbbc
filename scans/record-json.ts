import { parseStrictJson } from '../indicium/index.ts';
import { RECORD_DEPTH_MAX } from './limits.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Fields that are texts, and that machines also write as numbers. */
const TEXT_FIELDS = ['scanId', 'plant', 'machine', 'mailpieceId', 'destination'];
const IS_TEXT_FIELD: ReadonlySet<string> = new Set(TEXT_FIELDS);
const DIGITS = /^\d+$/;
/** A request has a list of records within an object. */
const LEVELS_AROUND_RECORDS = 2;

/**
 * JSON of the record of a scan, or of a request with a list `scans` of them. Text fields that are whole numbers become their
 * digits as they are written: as doubles, ids beyond 2^53 would become one another.
 *
 * @throws SyntaxError when it is not JSON, or has a key twice.
 */
export function parseRecord(text: string): unknown {
  const value = parseStrictJson(text);
  const hasNumbers = recordsOf(value).some((record) => TEXT_FIELDS.some((field) => typeof record[field] === 'number'));
  // What nests deeper is not a record, and would be too deep for the calls of what follows.
  if (!hasNumbers || isNested(value, RECORD_DEPTH_MAX + LEVELS_AROUND_RECORDS)) return value;
  const written: { readonly holder: unknown; readonly field: string; readonly digits: string }[] = [];
  const again: unknown = JSON.parse(text, function (this: unknown, field: string, its: unknown, context?: Context) {
    const digits = context?.source ?? '';
    if (IS_TEXT_FIELD.has(field) && DIGITS.test(digits)) written.push({ holder: this, field, digits });
    return its;
  });
  const records = new Set<unknown>(recordsOf(again));
  for (const { holder, field, digits } of written) {
    if (isObject(holder) && records.has(holder)) Object.assign(holder, { [field]: digits });
  }
  return again;
}

/**
 * JSON of a record that `parseRecord` has taken, which it takes the same way again. What is a number in a text field is so for not
 * being written in digits alone: 1e3 must not come back as the four digits of an id.
 */
export function recordText(record: JsonObject): string {
  const fields = Object.entries(record).flatMap(([field, value]) => {
    if (value === undefined) return [];
    const isKept = typeof value === 'number' && IS_TEXT_FIELD.has(field);
    return [`${JSON.stringify(field)}:${isKept ? value.toExponential() : JSON.stringify(value)}`];
  });
  return `{${fields.join(',')}}`;
}

interface Context {
  /** Of a number, as it is written (ECMA-262, JSON.parse source text access). */
  readonly source?: string;
}

/** The objects whose own fields are those of a scan. */
function recordsOf(value: unknown): JsonObject[] {
  if (!isObject(value)) return [];
  return Array.isArray(value.scans) ? [value, ...value.scans.filter(isObject)] : [value];
}

/** A JSON object, neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Objects and lists in each other. What nests deeper breaks what writes it as text again, even if the parser bears it.
 */
export function isNested(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (depthMax === 0) return true;
  for (const inner of Object.values(value)) if (isNested(inner, depthMax - 1)) return true;
  return false;
}
