import { missing } from '../failures/missing.ts';
import { type Int32Column, type Int64Column, type TextColumn, type Validity, validityBytes } from './column.ts';

/** Which rows were set to null; costs nothing as long as none was. */
class ValidityBuilder {
  #bits: Uint8Array<ArrayBuffer> | null = null;
  readonly #rows: number;

  constructor(rows: number) {
    this.#rows = rows;
  }

  setNull(row: number): void {
    this.#bits ??= new Uint8Array(validityBytes(this.#rows)).fill(0xff);
    this.#bits[row >> 3] = (this.#bits[row >> 3] ?? missing('bits')) & ~(1 << (row & 7));
  }

  unset(row: number): void {
    if (this.#bits !== null) this.#bits[row >> 3] = (this.#bits[row >> 3] ?? missing('bits')) | (1 << (row & 7));
  }

  finish(rows: number): Validity {
    return this.#bits?.subarray(0, validityBytes(rows)) ?? null;
  }
}

/** Rows may be set in any order; a row that is not set holds 0. */
export class Int64Builder {
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #bigints: BigUint64Array<ArrayBuffer>;
  readonly #valid: ValidityBuilder;

  constructor(rows: number) {
    this.#words = new Uint32Array(2 * rows);
    this.#bigints = new BigUint64Array(this.#words.buffer);
    this.#valid = new ValidityBuilder(rows);
  }

  /** An integer of at most 53 bits, of either sign. */
  set(row: number, value: number | null): void {
    if (value === null) {
      this.#valid.setNull(row);
      return;
    }
    this.#words[2 * row] = value;
    this.#words[2 * row + 1] = Math.floor(value / 2 ** 32);
  }

  setBigint(row: number, value: bigint | null): void {
    if (value === null) this.#valid.setNull(row);
    else this.#bigints[row] = value;
  }

  /** As if the row had never been set. */
  unset(row: number): void {
    this.#words.fill(0, 2 * row, 2 * row + 2);
    this.#valid.unset(row);
  }

  /** The first `rows` of them. */
  finish(rows: number): Int64Column {
    return {
      words: this.#words.subarray(0, 2 * rows),
      bigints: this.#bigints.subarray(0, rows),
      valid: this.#valid.finish(rows),
    };
  }
}

export class Int32Builder {
  readonly #values: Uint32Array<ArrayBuffer>;
  readonly #valid: ValidityBuilder;

  constructor(rows: number) {
    this.#values = new Uint32Array(rows);
    this.#valid = new ValidityBuilder(rows);
  }

  set(row: number, value: number | null): void {
    if (value === null) this.#valid.setNull(row);
    else this.#values[row] = value;
  }

  /** As if the row had never been set. */
  unset(row: number): void {
    this.#values[row] = 0;
    this.#valid.unset(row);
  }

  /** The first `rows` of them. */
  finish(rows: number): Int32Column {
    return { values: this.#values.subarray(0, rows), valid: this.#valid.finish(rows) };
  }
}

const encoder = new TextEncoder();
const BYTES_PER_ROW_AT_FIRST = 16;
/** A UTF-16 unit takes at most three bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

/** Rows are added one after another. */
export class TextBuilder {
  readonly #offsets: Uint32Array<ArrayBuffer>;
  readonly #valid: ValidityBuilder;
  #bytes: Uint8Array<ArrayBuffer>;
  #row = 0;
  #length = 0;

  constructor(rows: number) {
    this.#offsets = new Uint32Array(rows + 1);
    this.#valid = new ValidityBuilder(rows);
    this.#bytes = new Uint8Array(rows * BYTES_PER_ROW_AT_FIRST);
  }

  add(text: string | null): void {
    if (text === null) this.#valid.setNull(this.#row);
    else this.#write(text);
    this.#row += 1;
    this.#offsets[this.#row] = this.#length;
  }

  addBytes(bytes: Uint8Array | null): void {
    if (bytes === null) this.#valid.setNull(this.#row);
    else {
      this.#reserve(bytes.length);
      this.#bytes.set(bytes, this.#length);
      this.#length += bytes.length;
    }
    this.#row += 1;
    this.#offsets[this.#row] = this.#length;
  }

  /** As if the row, which may be the last one or the next, had not been added. */
  unset(row: number): void {
    this.#row = row;
    this.#length = this.#offsets[row] ?? missing('offsets');
    this.#valid.unset(row);
  }

  finish(): TextColumn {
    return {
      offsets: this.#offsets.subarray(0, this.#row + 1),
      bytes: this.#bytes,
      valid: this.#valid.finish(this.#row),
    };
  }

  #write(text: string): void {
    this.#reserve(text.length * UTF8_BYTES_PER_UNIT_MAX);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) {
        this.#length = start + encoder.encodeInto(text, bytes.subarray(start)).written;
        return;
      }
      bytes[start + at] = unit;
    }
    this.#length = start + text.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const longer = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    longer.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = longer;
  }
}
