import type { DuckDBValue } from '@duckdb/node-api';

/** A row by the names of its columns. */
export type Row = Readonly<Record<string, DuckDBValue>>;

/** A row by the places of its columns. */
export type ValueRow = readonly (DuckDBValue | undefined)[];

/** Text as SQL has it, for statements that take no values: paths and names. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Checked reading of what a query gave: a column of another type is a broken query, so these throw. */

export function asText(value: DuckDBValue | undefined): string {
  if (typeof value !== 'string') throw new TypeError(`a query gave ${typeof value} where text was expected`);
  return value;
}

export function asTextOrNull(value: DuckDBValue | undefined): string | null {
  return value === null ? null : asText(value);
}

export function asBigint(value: DuckDBValue | undefined): bigint {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value !== 'bigint') throw new TypeError(`a query gave ${typeof value} where an integer was expected`);
  return value;
}

export function asBigintOrNull(value: DuckDBValue | undefined): bigint | null {
  return value === null ? null : asBigint(value);
}

export function asBoolean(value: DuckDBValue | undefined): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`a query gave ${typeof value} where yes or no was expected`);
  return value;
}

/** For license numbers, milliseconds and counts of rows, which all stay below 2^53. */
export function asInteger(value: DuckDBValue | undefined): number {
  const integer = typeof value === 'number' ? value : Number(asBigint(value));
  if (!Number.isSafeInteger(integer)) throw new RangeError(`${value} does not fit a number`);
  return integer;
}

export function asIntegerOrNull(value: DuckDBValue | undefined): number | null {
  return value === null ? null : asInteger(value);
}

export function asTexts(value: DuckDBValue | undefined): string[] {
  if (typeof value !== 'object' || value === null || !('items' in value) || !Array.isArray(value.items)) {
    throw new TypeError('a query gave something else where a list was expected');
  }
  return value.items.map(asText);
}

export function asTextsOrNull(value: DuckDBValue | undefined): string[] | null {
  return value === null || value === undefined ? null : asTexts(value);
}

export function asBytes(value: DuckDBValue | undefined): Uint8Array {
  if (typeof value !== 'object' || value === null || !('bytes' in value) || !(value.bytes instanceof Uint8Array)) {
    throw new TypeError('a query gave something else where bytes were expected');
  }
  return value.bytes;
}

export function asBytesOrNull(value: DuckDBValue | undefined): Uint8Array | null {
  return value === null ? null : asBytes(value);
}

/** For names of a closed set, such as severities. */
export function oneOf<Known extends string>(known: readonly Known[], text: string): Known {
  const found = known.find((candidate) => candidate === text);
  if (found === undefined)
    throw new TypeError(`the store holds ${JSON.stringify(text)}; expected one of ${known.join(', ')}`);
  return found;
}
