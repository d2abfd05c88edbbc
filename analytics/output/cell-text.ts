import { asInterval, type Cell, isList } from '../store/cells.ts';
import type { ExactType, TimeUnit } from '../store/queries/exact-types.ts';
import { QueryError } from '../store/queries/query.ts';

/** Digits of a unit of time after the second. */
const DIGITS: Readonly<Record<TimeUnit, number>> = { second: 0, millisecond: 3, microsecond: 6, nanosecond: 9 };

const MIDNIGHT = 'T00:00:00.000Z';

/** What tables, CSV and XLSX show: nothing for null; lists of plain values with spaces between them, all else as JSON. */
export function cellText(cell: Cell, type: ExactType): string {
  if (cell === null) return '';
  if (isList(cell)) {
    const isPlain = type.kind === 'list' && !['list', 'struct', 'map'].includes(type.of.kind);
    return isPlain ? cell.map((item) => cellText(item, type.of)).join(' ') : JSON.stringify(jsonValue(cell, type));
  }
  const value = jsonValue(cell, type);
  return typeof value === 'string' ? value : String(cell);
}

/**
 * What JSON shows: times as ISO 8601 with their zone, bytes as base64, decimals as text, integers beyond 2^53 as text, since JSON
 * numbers would lose digits, and NaN and infinities as text.
 */
export function jsonValue(cell: Cell, type: ExactType): unknown {
  if (cell === null) return null;
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64');
  if (isList(cell)) return jsonOf(cell, type);
  if (type.kind === 'date')
    return typeof cell === 'number' ? isoMoment(BigInt(cell) * 86_400n, 0).slice(0, -MIDNIGHT.length) : cell;
  if (type.kind === 'interval') return intervalText(cell);
  if (typeof cell === 'bigint') {
    if (type.kind === 'timestamp') return isoMoment(cell, DIGITS[type.unit]);
    if (type.kind === 'time') return timeText(cell, DIGITS[type.unit]);
    if (type.kind === 'decimal') return decimalText(cell, type.scale);
    return Number.isSafeInteger(Number(cell)) ? Number(cell) : cell.toString();
  }
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : String(cell);
  return cell;
}

function jsonOf(items: readonly Cell[], type: ExactType): unknown {
  if (type.kind === 'list') return items.map((item) => jsonValue(item, type.of));
  if (type.kind === 'struct') {
    return Object.fromEntries(
      type.fields.map((field, index) => [field.name, jsonValue(items[index] ?? null, field.type)]),
    );
  }
  if (type.kind !== 'map') return items.map(String);
  return items.map((entry) => {
    const [key = null, value = null] = isList(entry) ? entry : [];
    return { key: jsonValue(key, type.key), value: jsonValue(value, type.value) };
  });
}

/** `1.50` of 150 and two digits after the point. A whole number of up to 15 digits, such as a sum, is a number in JSON. */
function decimalText(units: bigint, scale: number): string | number {
  if (scale === 0) return Number.isSafeInteger(Number(units)) ? Number(units) : units.toString();
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** `2026-11-20T10:03:00.123Z`: with milliseconds, and more digits only where they are not zero. */
function isoMoment(units: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const seconds = (units - (((units % perSecond) + perSecond) % perSecond)) / perSecond;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime()))
    throw new QueryError('a time beyond the year 275760 cannot be shown: cast it to varchar');
  return `${date.toISOString().slice(0, -5)}${fraction(units - seconds * perSecond, digits)}Z`;
}

/** The digits after the second, three of them at least. */
function fraction(units: bigint, digits: number): string {
  const text = units.toString().padStart(digits, '0').slice(0, digits);
  return `.${text.replace(/0+$/, '').padEnd(3, '0')}`;
}

/** `10:03:00.123`, by no clock in particular; midnight at the end of a day is `24:00:00.000`. */
function timeText(units: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const seconds = units / perSecond;
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => part.toString().padStart(2, '0'));
  return `${parts.join(':')}${fraction(units % perSecond, digits)}`;
}

/** A duration of ISO 8601, `P1M2DT-3.000004S`: months, days and seconds stay apart. */
function intervalText(cell: Cell): string {
  const { months, days, micros } = asInterval(cell);
  const size = micros < 0n ? -micros : micros;
  const rest = (size % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  const seconds = `${micros < 0n ? '-' : ''}${size / 1_000_000n}${rest === '' ? '' : `.${rest}`}`;
  return `P${months}M${days}DT${seconds}S`;
}
