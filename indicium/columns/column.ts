import { missing } from '../failures/missing.ts';
/**
 * Columns of one batch in the memory layout of Apache Arrow (little-endian integers; texts as offsets and bytes; one
 * validity bit a row, least significant first), which DuckDB's vectors share. They are plain data over array buffers,
 * so that a batch changes threads without being copied.
 */

/** 64-bit integers, signed or not: two 32-bit words a row, the lower first. Null rows hold 0. */
export interface Int64Column {
  readonly words: Uint32Array<ArrayBuffer>;
  /** The same bytes, read as unsigned integers. */
  readonly bigints: BigUint64Array<ArrayBuffer>;
  readonly valid: Validity;
}

/** 32-bit integers, signed or not. Null rows hold 0. */
export interface Int32Column {
  readonly values: Uint32Array<ArrayBuffer>;
  readonly valid: Validity;
}

/** Bytes or UTF-8 text: row r is bytes[offsets[r]] up to bytes[offsets[r + 1]]. Null rows are empty. */
export interface TextColumn {
  readonly offsets: Uint32Array<ArrayBuffer>;
  /** May be longer than the last offset. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly valid: Validity;
}

/** One bit a row, 1 where the row holds a value; null when every row does. */
export type Validity = Uint8Array<ArrayBuffer> | null;

export type Column = Int64Column | Int32Column | TextColumn;

export function isValid(valid: Validity, row: number): boolean {
  return valid === null || ((valid[row >> 3] ?? missing('valid')) & (1 << (row & 7))) !== 0;
}

/** Validity is stored in whole 64-bit words, as DuckDB reads it. */
export function validityBytes(rows: number): number {
  return Math.ceil(rows / 64) * 8;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Texts longer than this are decoded by the platform; shorter ones faster here, as long as they are ASCII. */
const SHORT_BYTES = 32;

export function bytesAt(column: TextColumn, row: number): Uint8Array<ArrayBuffer> {
  return column.bytes.subarray(column.offsets[row], column.offsets[row + 1]);
}

export function bytesOrNullAt(column: TextColumn, row: number): Uint8Array<ArrayBuffer> | null {
  return isValid(column.valid, row) ? bytesAt(column, row) : null;
}

export function textAt(column: TextColumn, row: number): string {
  const from = column.offsets[row] ?? missing('offsets');
  const to = column.offsets[row + 1] ?? missing('offsets');
  if (to - from > SHORT_BYTES) return decoder.decode(column.bytes.subarray(from, to));
  let text = '';
  for (let at = from; at < to; at++) {
    const byte = column.bytes[at] ?? missing('bytes');
    if (byte >= 0x80) return decoder.decode(column.bytes.subarray(from, to));
    text += String.fromCharCode(byte);
  }
  return text;
}

export function textOrNullAt(column: TextColumn, row: number): string | null {
  return isValid(column.valid, row) ? textAt(column, row) : null;
}

/** A column of integers below 2^53. */
export function numberAt(column: Int64Column, row: number): number {
  return (column.words[2 * row] ?? missing('words')) + 2 ** 32 * ((column.words[2 * row + 1] ?? missing('words')) | 0);
}

/** The row as an unsigned integer. */
export function bigintAt(column: Int64Column, row: number): bigint {
  return column.bigints[row] ?? missing('bigints');
}
