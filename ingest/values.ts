import { missing } from '../indicium/index.ts';
import { LINE_BYTES_MAX, type Line, LineBuffer } from '../scans/index.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const NEWLINE = 0x0a;
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, NEWLINE, 0x0d]);
/** UTF-8's, byte by byte. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Splits JSON values that follow each other, and the elements of arrays among them, into what lines are elsewhere: one value
 * each, however many lines it is written over. What is not a value is taken up to the end of its line, or to the next
 * comma.
 */
export class ValueSplitter {
  readonly #bytesMax: number;
  #value: LineBuffer | null = null;
  #depth = 0;
  #isText = false;
  #isEscaped = false;
  #isInArray = false;
  #offset = 0;

  constructor(bytesMax = LINE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Whether an array was opened that has not ended. */
  get isOpen(): boolean {
    return this.#isInArray;
  }

  add(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? missing('chunk');
      if (this.#value === null) {
        if (this.#isBetween(byte, this.#offset + at)) continue;
        this.#value = new LineBuffer(this.#bytesMax);
        start = at;
      }
      const place = this.#placeOf(byte);
      if (place === 'inside') continue;
      const end = place === 'last' ? at + 1 : at;
      this.#value.add(chunk.subarray(start, end));
      lines.push({ ...this.#value.finish(), endOffset: this.#offset + end, isTerminated: true });
      this.#value = null;
      if (place === 'behind') this.#isBetween(byte, this.#offset + at);
    }
    this.#value?.add(chunk.subarray(start));
    this.#offset += chunk.length;
    return lines;
  }

  /** What was begun and has no end. */
  end(): Line[] {
    if (this.#value === null || this.#value.bytes === 0) return [];
    return [{ ...this.#value.finish(), endOffset: this.#offset, isTerminated: false }];
  }

  /** Whether a byte where no value has begun begins none; arrays are entered and left here. */
  #isBetween(byte: number, offset: number): boolean {
    if (WHITE_SPACE.has(byte) || BYTE_ORDER_MARK[offset] === byte) return true;
    if (this.#isInArray) {
      if (byte === CLOSE_ARRAY) this.#isInArray = false;
      return byte === COMMA || byte === CLOSE_ARRAY;
    }
    if (byte === OPEN_ARRAY) this.#isInArray = true;
    return byte === OPEN_ARRAY;
  }

  /** Where a byte lies by the value that has begun: an object ends with its brace, anything else before what parts it from the next. */
  #placeOf(byte: number): 'inside' | 'last' | 'behind' {
    if (this.#isText && byte !== NEWLINE) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isText = false;
      return 'inside';
    }
    // No text of JSON goes on behind the end of a line: one that does would take all that follows with it.
    this.#isText = byte === QUOTE;
    this.#isEscaped = false;
    const isEnd = this.#isInArray ? byte === COMMA || byte === CLOSE_ARRAY : byte === NEWLINE;
    if (this.#depth === 0 && isEnd) return 'behind';
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth += 1;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && this.#depth > 0) {
      this.#depth -= 1;
      if (this.#depth === 0) return 'last';
    }
    return 'inside';
  }
}
