import { missing } from '../../indicium/index.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import { PAGE_PIECES } from './live-pages.ts';

const WORDS_PER_PAGE = PAGE_PIECES / 32;
const FIRST_PAGES = 65_536;

/** One bit for each piece of pages that left the live window: it was seen, and nothing more is known here. */
export class SeenBits {
  #words = new Uint32Array(FIRST_PAGES * WORDS_PER_PAGE);

  get bytes(): number {
    return this.#words.byteLength;
  }

  put(page: number, [low, high]: readonly [low: number, high: number]): void {
    const at = page * WORDS_PER_PAGE;
    if (at >= this.#words.length) {
      const words = new Uint32Array(this.#words.length * 2);
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[at] = low;
    this.#words[at + 1] = high;
  }

  /** Adds to what a page holds. */
  merge(page: number, [low, high]: readonly [low: number, high: number]): void {
    const at = page * WORDS_PER_PAGE;
    this.#words[at] = (this.#words[at] ?? missing('words')) | low;
    this.#words[at + 1] = (this.#words[at + 1] ?? missing('words')) | high;
  }

  /** Whether the piece was seen before; from now on it was. */
  testAndSet(page: number, slot: number): boolean {
    const at = page * WORDS_PER_PAGE + (slot >> 5);
    const bit = 1 << (slot & 31);
    const word = this.#words[at] ?? missing('words');
    this.#words[at] = word | bit;
    return (word & bit) !== 0;
  }

  save(to: BlockWriter): void {
    to.array(this.#words);
  }

  load(from: BlockReader): void {
    this.#words = from.words();
  }
}
