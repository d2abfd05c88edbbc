import { isUtf8 } from 'node:buffer';
import {
  type Column,
  columnOf,
  Int32Builder,
  type Int32Column,
  Int64Builder,
  type Int64Column,
  isInt64,
  isText,
  missing,
  READING_FIELD_SPECS,
  type ReadingColumns,
  readingColumns,
  rowsOf,
  TextBuilder,
  type TextColumn,
  type Validity,
  validityBytes,
} from '../../../indicium/index.ts';
import { READING_MESSAGE_ROWS_MAX } from '../limits.ts';

/**
 * A batch of readings as bytes: magic, version, rows; then each column in the order of the table: whether it has a bit a row
 * for null, these bits, and its values, all little-endian. Texts are their lengths and then their bytes. The order and the
 * kinds are those of READING_FIELDS and belong to the version: another column is another version. Senders are left out: nobody is asked who produces to a topic.
 */
export const READINGS_CONTENT_TYPE = 'application/vnd.indicia.readings';

const MAGIC = 0x444e_4952;
const VERSION = 2;
/** Without what is there since a later version: what a reader of the program before left in the topic. */
const VERSION_BEFORE = 1;
const HEAD_BYTES = 10;

const TRAVELS_AS = {
  text: 'text',
  bytes: 'text',
  int64: 'int64',
  uint64: 'int64',
  int32: 'int32',
  uint32: 'int32',
} as const;

/** The columns of messages, in the order of the bytes. */
const FIELDS = READING_FIELD_SPECS.filter(([, { isInMessages = true }]) => isInMessages);

/** Names and kinds of the columns, in that order: unsigned numbers and bytes travel like signed ones and texts. */
export const READING_LAYOUT = FIELDS.map(([name, { kind }]) => [name, TRAVELS_AS[kind]] as const);

export function encodeReadings(columns: ReadingColumns): Buffer {
  const rows = rowsOf(columns);
  const parts = FIELDS.flatMap(([name]) => columnBytes(columnOf(columns, name), rows));
  return Buffer.concat([head(rows), ...parts]);
}

/** Null for bytes that are not a whole batch of this version. */
export function decodeReadings(bytes: Uint8Array): ReadingColumns | null {
  const reader = new Reader(bytes);
  const head = reader.head();
  if (head === null) return null;
  const { rows, version } = head;
  // In the order of the bytes, which is that of the table.
  const columns = readingColumns((_name, { kind, isInMessages = true, sinceMessage = VERSION_BEFORE }) => {
    const isThere = isInMessages && sinceMessage <= version;
    if (kind === 'text') return isThere ? reader.text(rows) : noTexts(rows);
    if (kind === 'bytes') return isThere ? reader.bytes(rows) : noTexts(rows);
    if (kind === 'int64' || kind === 'uint64') return isThere ? reader.int64(rows) : noNumbers(rows);
    return isThere ? reader.int32(rows) : noSmallNumbers(rows);
  });
  return reader.isWhole ? columns : null;
}

function noTexts(rows: number): TextColumn {
  const builder = new TextBuilder(rows);
  for (let row = 0; row < rows; row++) builder.add(null);
  return builder.finish();
}

function noNumbers(rows: number): Int64Column {
  const builder = new Int64Builder(rows);
  for (let row = 0; row < rows; row++) builder.set(row, null);
  return builder.finish(rows);
}

function noSmallNumbers(rows: number): Int32Column {
  const builder = new Int32Builder(rows);
  for (let row = 0; row < rows; row++) builder.set(row, null);
  return builder.finish(rows);
}

function head(rows: number): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt16LE(VERSION, 4);
  bytes.writeUInt32LE(rows, 6);
  return bytes;
}

const HAS_NULLS = Uint8Array.of(1);
const NO_NULLS = Uint8Array.of(0);

function columnBytes(column: Column, rows: number): Uint8Array[] {
  const valid = column.valid === null ? [NO_NULLS] : [HAS_NULLS, column.valid.subarray(0, validityBytes(rows))];
  if (!isText(column)) return [...valid, byteView(isInt64(column) ? column.words : column.values)];
  const lengths = new Uint32Array(rows);
  for (let row = 0; row < rows; row++)
    lengths[row] = (column.offsets[row + 1] ?? missing('offsets')) - (column.offsets[row] ?? missing('offsets'));
  return [...valid, byteView(lengths), column.bytes.subarray(column.offsets[0], column.offsets[rows])];
}

function byteView({ buffer, byteOffset, byteLength }: Uint32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Reads on, and notices when there is less than there should be, or more. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #isBad = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isWhole(): boolean {
    return !this.#isBad && this.#at === this.#bytes.length;
  }

  head(): { readonly rows: number; readonly version: number } | null {
    if (this.#bytes.length < HEAD_BYTES) return null;
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, HEAD_BYTES);
    this.#at = HEAD_BYTES;
    const rows = view.getUint32(6, true);
    const version = view.getUint16(4, true);
    const isKnown = view.getUint32(0, true) === MAGIC && (version === VERSION || version === VERSION_BEFORE);
    return isKnown && rows <= READING_MESSAGE_ROWS_MAX ? { rows, version } : null;
  }

  int64(rows: number): Int64Column {
    const valid = this.#validity(rows);
    const words = this.#words(2 * rows);
    return { words, bigints: new BigUint64Array(words.buffer), valid };
  }

  int32(rows: number): Int32Column {
    const valid = this.#validity(rows);
    return { values: this.#words(rows), valid };
  }

  text(rows: number): TextColumn {
    const column = this.bytes(rows);
    // Where a row begins within a character, none of its neighbors is text, even if all of them together are.
    const isText = isUtf8(column.bytes) && column.offsets.every((offset) => (column.bytes[offset] ?? 0) >> 6 !== 0b10);
    if (!isText) this.#isBad = true;
    return column;
  }

  bytes(rows: number): TextColumn {
    const valid = this.#validity(rows);
    const lengths = this.#words(rows);
    const offsets = new Uint32Array(rows + 1);
    let end = 0;
    for (const [row, length] of lengths.entries()) {
      end += length;
      offsets[row + 1] = end;
    }
    const bytes = this.#take(end);
    // Offsets that lead nowhere would be read before anybody asks whether all was there.
    return { offsets: bytes.length === end ? offsets : new Uint32Array(rows + 1), bytes, valid };
  }

  #validity(rows: number): Validity {
    const [flag] = this.#take(1);
    if (flag === 0) return null;
    if (flag !== 1) this.#isBad = true;
    return this.#take(validityBytes(rows));
  }

  #words(count: number): Uint32Array<ArrayBuffer> {
    const taken = this.#take(4 * count);
    return taken.length === 4 * count ? new Uint32Array(taken.buffer) : new Uint32Array(count);
  }

  /** A copy, which may be handed to another thread; empty when there are not so many bytes left. */
  #take(count: number): Uint8Array<ArrayBuffer> {
    if (this.#isBad || this.#at + count > this.#bytes.length) {
      this.#isBad = true;
      return new Uint8Array(0);
    }
    const taken = new Uint8Array(count);
    taken.set(this.#bytes.subarray(this.#at, this.#at + count));
    this.#at += count;
    return taken;
  }
}
