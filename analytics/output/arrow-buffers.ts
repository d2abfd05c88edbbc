import { missing } from '../../indicium/index.ts';
import { asInterval, type Cell, isList } from '../store/cells.ts';
import { type ExactType, INFINITE } from '../store/queries/exact-types.ts';
import { QueryError } from '../store/queries/query.ts';

/** A column as the format of Arrow lays it out in memory, little-endian; what a type has none of is empty. */
interface ArrowBuffers {
  readonly nullCount: number;
  /** One bit a value, set where there is one. */
  readonly nullBitmap: Uint8Array;
  /** Where each text, list or map begins, and where the last one ends. */
  readonly valueOffsets: Int32Array;
  readonly data: Uint8Array;
}

/** @throws QueryError for a value that Arrow's type does not have. */
export function arrowBuffers(type: ExactType, cells: readonly Cell[]): ArrowBuffers {
  const nullBitmap = new Uint8Array(Math.ceil(cells.length / 8));
  let nullCount = 0;
  for (const [index, cell] of cells.entries()) {
    if (cell === null) nullCount += 1;
    else setBit(nullBitmap, index);
  }
  const isText = type.kind === 'text' || type.kind === 'bytes';
  const bytes = isText ? cells.map(cellBytes) : [];
  const sizes = isText
    ? bytes.map(({ length }) => length)
    : cells.map((cell) => (cell !== null && isList(cell) ? cell.length : 0));
  const valueOffsets = new Int32Array(cells.length + 1);
  for (const [index, size] of sizes.entries())
    valueOffsets[index + 1] = (valueOffsets[index] ?? missing('valueOffsets')) + size;
  return { nullCount, nullBitmap, valueOffsets, data: isText ? Buffer.concat(bytes) : fixed(type, cells) };
}

function cellBytes(cell: Cell): Uint8Array {
  if (cell === null) return new Uint8Array();
  return cell instanceof Uint8Array ? cell : Buffer.from(String(cell));
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? missing('bits')) | (1 << (index & 7));
}

/** Values of one size, one after the other. */
function fixed(type: ExactType, cells: readonly Cell[]): Uint8Array {
  if (type.kind === 'boolean') {
    const bits = new Uint8Array(Math.ceil(cells.length / 8));
    for (const [index, cell] of cells.entries()) if (cell === true) setBit(bits, index);
    return bits;
  }
  const size = sizeOf(type);
  const data = new Uint8Array(size * cells.length);
  const view = new DataView(data.buffer);
  for (const [index, cell] of cells.entries()) {
    if (cell !== null && size > 0) write(view, index * size, cell, type);
  }
  return data;
}

function sizeOf(type: ExactType): number {
  switch (type.kind) {
    case 'integer':
    case 'float':
      return type.bits / 8;
    case 'date':
      return 4;
    case 'time':
    case 'timestamp':
      return 8;
    case 'decimal':
    case 'uuid':
    case 'interval':
      return 16;
    default:
      return 0;
  }
}

function write(view: DataView, at: number, cell: Cell, type: ExactType): void {
  if (type.kind === 'float') {
    if (type.bits === 32) view.setFloat32(at, Number(cell), true);
    else view.setFloat64(at, Number(cell), true);
  } else if (type.kind === 'uuid') {
    const digits = BigInt(`0x${String(cell).replaceAll('-', '')}`);
    view.setBigUint64(at, digits >> 64n);
    view.setBigUint64(at + 8, BigInt.asUintN(64, digits));
  } else if (type.kind === 'interval') writeInterval(view, at, cell);
  else if (type.kind === 'decimal') writeWide(view, at, integerOf(cell), type.width);
  else if (type.kind === 'date') view.setInt32(at, Number(integerOf(cell)), true);
  else writeInteger(view, at, integerOf(cell), type.kind === 'integer' ? type.bits : 64);
}

/** Negative ones as two's complement, as all of Arrow's integers. */
function writeInteger(view: DataView, at: number, value: bigint, bits: 8 | 16 | 32 | 64): void {
  if (bits === 8) view.setUint8(at, Number(BigInt.asUintN(8, value)));
  else if (bits === 16) view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  else if (bits === 32) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  else view.setBigUint64(at, BigInt.asUintN(64, value), true);
}

function writeWide(view: DataView, at: number, value: bigint, digits: number): void {
  const bound = 10n ** BigInt(digits);
  if (value >= bound || value <= -bound) {
    throw new QueryError(`${value} has more than ${digits} digits, the most that a decimal has: cast it to varchar`);
  }
  view.setBigUint64(at, BigInt.asUintN(64, value), true);
  view.setBigInt64(at + 8, BigInt.asIntN(64, value >> 64n), true);
}

function writeInterval(view: DataView, at: number, cell: Cell): void {
  const { months, days, micros } = asInterval(cell);
  const nanos = micros * 1000n;
  if (BigInt.asIntN(64, nanos) !== nanos) {
    throw new QueryError(
      'an interval of more than 292 years of nanoseconds has no counterpart in Arrow: cast it to varchar',
    );
  }
  view.setInt32(at, months, true);
  view.setInt32(at + 4, days, true);
  view.setBigInt64(at + 8, nanos, true);
}

function integerOf(cell: Cell): bigint {
  if (typeof cell === 'bigint') return cell;
  if (typeof cell === 'number') return BigInt(cell);
  throw new QueryError(INFINITE);
}
