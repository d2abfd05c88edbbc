import { missing } from '../failures/missing.ts';
import { hashOfSpan, isSameSpan } from './byte-spans.ts';
import { type TextColumn, textAt } from './column.ts';

/** Texts remembered at most; what does not fit is decoded each time. */
const TEXTS_MAX = 2 ** 16;

/**
 * Texts that come again and again, decoded once: a table by their bytes, since making the same text anew for every row
 * costs more than what is done with it.
 */
export class TextCache {
  readonly #texts: string[] = [];
  readonly #bytes: Uint8Array[] = [];
  /** Place in the lists + 1, in the slot of the hash or the next free one. */
  readonly #slots = new Uint32Array(2 * TEXTS_MAX);

  textAt(column: TextColumn, row: number): string {
    const { offsets, bytes } = column;
    const start = offsets[row] ?? missing('offsets');
    const end = offsets[row + 1] ?? missing('offsets');
    const mask = this.#slots.length - 1;
    let slot = hashOfSpan(bytes, start, end) & mask;
    for (
      let found = this.#slots[slot] ?? missing('slots');
      found !== 0;
      found = this.#slots[slot] ?? missing('slots')
    ) {
      if (isSame(this.#bytes[found - 1], bytes, start, end)) return this.#texts[found - 1] ?? missing('texts');
      slot = (slot + 1) & mask;
    }
    const text = textAt(column, row);
    if (this.#texts.length < TEXTS_MAX) {
      this.#texts.push(text);
      this.#bytes.push(bytes.slice(start, end));
      this.#slots[slot] = this.#texts.length;
    }
    return text;
  }
}

function isSame(known: Uint8Array | undefined, bytes: Uint8Array, start: number, end: number): boolean {
  return known !== undefined && known.length === end - start && isSameSpan(known, 0, bytes, start, known.length);
}
