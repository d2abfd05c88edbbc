import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimeNSValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ExactType } from './queries/exact-types.ts';

/** Months, days and microseconds are apart in SQL: no month has a fixed length, nor has a day. */
export interface Interval {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

/**
 * A value that nothing was taken from. By the kind of its exact type: integers are numbers or bigints, decimals bigints
 * without their point, dates days and times and timestamps units since 1970 or midnight (infinite ones are text), lists and
 * structs have their values in order, maps pairs of a key and a value. What has no kind is text.
 */
export type Cell = string | number | bigint | boolean | null | Uint8Array | Interval | readonly Cell[];

/** A value of a column of that type. */
export function cellOf(value: DuckDBValue, type: ExactType): Cell {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return finite(value.micros);
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (type.kind === 'list' && (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)) {
    return value.items.map((item) => cellOf(item, type.of));
  }
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBDateValue) return value.isFinite ? value.days : value.days > 0 ? 'infinity' : '-infinity';
  if (value instanceof DuckDBTimestampMillisecondsValue) return finite(value.millis);
  if (value instanceof DuckDBTimestampSecondsValue) return finite(value.seconds);
  if (value instanceof DuckDBTimestampNanosecondsValue) return finite(value.nanos);
  if (value instanceof DuckDBTimeValue) return value.micros;
  if (value instanceof DuckDBTimeNSValue) return value.nanos;
  if (value instanceof DuckDBIntervalValue) return { months: value.months, days: value.days, micros: value.micros };
  if (type.kind === 'struct' && value instanceof DuckDBStructValue) {
    return type.fields.map((field) => cellOf(value.entries[field.name] ?? null, field.type));
  }
  if (type.kind === 'map' && value instanceof DuckDBMapValue) {
    return value.entries.map((entry) => [cellOf(entry.key, type.key), cellOf(entry.value, type.value)]);
  }
  return String(value);
}

/** In every unit, the two infinite times are the largest and the smallest number but one. */
const INFINITE = 2n ** 63n - 1n;

function finite(units: bigint): bigint | string {
  return units >= INFINITE ? 'infinity' : units <= -INFINITE ? '-infinity' : units;
}

export function isList(cell: Cell): cell is readonly Cell[] {
  return Array.isArray(cell);
}

/** @throws TypeError when the cell is not an interval, which contradicts the type of its column. */
export function asInterval(cell: Cell): Interval {
  if (typeof cell !== 'object' || cell === null || !('micros' in cell)) throw new TypeError('no interval');
  return cell;
}
