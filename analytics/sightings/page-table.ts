import { missing } from '../../indicium/index.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';

/** Numbers that may be skipped before the dense part: a set that loses more pages than that is kept by number. */
const GAP_MAX = 64;
const FIRST_LENGTH = 4;

/**
 * Where the pages of one register set are, by their number. Counters rise without holes, so most pages follow one
 * another and need four bytes each; others are looked up by number. Entries are not 0.
 */
export class PageTable {
  #base = -1;
  #dense = new Int32Array(0);
  /** Entries of the dense part, from its start. */
  #used = 0;
  /** Most sets have none: an empty map for each would take more than their pages. */
  #scattered: Map<number | bigint, number> | null = null;

  /** The entry of a page; 0 when there is none. */
  get(number: bigint): number {
    const key = keyOf(number);
    if (typeof key === 'number') {
      const at = key - this.#base;
      const entry = at >= 0 && at < this.#used ? (this.#dense[at] ?? missing('dense')) : 0;
      if (entry !== 0) return entry;
    }
    return this.#scattered?.get(key) ?? 0;
  }

  set(number: bigint, entry: number): void {
    const key = keyOf(number);
    const at = this.#placeOf(key);
    if (at === null) {
      this.#scattered ??= new Map();
      this.#scattered.set(key, entry);
      return;
    }
    if (at >= this.#dense.length) {
      const longer = new Int32Array(Math.max(FIRST_LENGTH, this.#dense.length * 2, at + 1));
      longer.set(this.#dense);
      this.#dense = longer;
    }
    this.#dense[at] = entry;
    this.#used = Math.max(this.#used, at + 1);
  }

  delete(number: bigint): void {
    const key = keyOf(number);
    const at = this.#placeOf(key);
    if (at !== null && at < this.#used) this.#dense[at] = 0;
    this.#scattered?.delete(key);
  }

  /** Place in the dense part; null where the page is not near enough to it, or is among the others already. */
  #placeOf(key: number | bigint): number | null {
    if (typeof key === 'bigint') return null;
    if (this.#base < 0) this.#base = key;
    const at = key - this.#base;
    if (at < 0 || at > this.#used + GAP_MAX) return null;
    return at >= this.#used && (this.#scattered?.has(key) ?? false) ? null : at;
  }

  static save(tables: readonly PageTable[], to: BlockWriter): void {
    to.array(Float64Array.from(tables, (table) => table.#base));
    to.array(Uint32Array.from(tables, (table) => table.#used));
    const dense = new Int32Array(tables.reduce((total, table) => total + table.#used, 0));
    let at = 0;
    for (const table of tables) {
      dense.set(table.#dense.subarray(0, table.#used), at);
      at += table.#used;
    }
    to.array(dense);
    const scattered = tables.flatMap((table, index) =>
      [...(table.#scattered ?? [])].map(([number, entry]) => ({ index, number: BigInt(number), entry })),
    );
    to.array(Uint32Array.from(scattered, ({ index }) => index));
    to.array(BigUint64Array.from(scattered, ({ number }) => number));
    to.array(Int32Array.from(scattered, ({ entry }) => entry));
  }

  static load(from: BlockReader): PageTable[] {
    const bases = from.doubles();
    const used = from.words();
    const dense = from.integers();
    let at = 0;
    const tables = Array.from(bases, (base, index) => {
      const table = new PageTable();
      table.#base = base;
      table.#used = used[index] ?? missing('used');
      table.#dense = dense.slice(at, at + table.#used);
      at += table.#used;
      return table;
    });
    const owners = from.words();
    const numbers = from.longs();
    const entries = from.integers();
    for (const [row, number] of numbers.entries()) {
      const table = tables[owners[row] ?? missing('owners')] ?? missing('tables');
      table.#scattered ??= new Map();
      table.#scattered.set(keyOf(number), entries[row] ?? missing('entries'));
    }
    return tables;
  }
}

/** Numbers beyond 2^53 stay bigints: as numbers, neighbors would be the same. */
function keyOf(number: bigint): number | bigint {
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : number;
}
