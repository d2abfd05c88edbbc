import { missing } from '../../indicium/index.ts';
import { hashOfKey, isSameKey, type KeyColumns } from './scan-key.ts';

/**
 * First rows of the keys of scans in one batch, found out when first asked. A flat table of rows, since a map of
 * thousands of texts for each batch would keep the garbage collector busy.
 */
export class ScanIndex {
  readonly #keys: KeyColumns;
  readonly #rows: number;
  /** Row + 1 in the slot of its hash or the next free one; 0 where there is none. */
  #slots: Uint32Array | null = null;

  constructor(keys: KeyColumns, rows: number) {
    this.#keys = keys;
    this.#rows = rows;
  }

  /** The first row here with the same key as the given row, which may be of another batch; −1 if no row has it. */
  firstRow(keys: KeyColumns, row: number): number {
    this.#slots ??= this.#indexed();
    const slots = this.#slots;
    for (let slot = hashOfKey(keys, row) & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
      const found = (slots[slot] ?? missing('slots')) - 1;
      if (found === -1 || isSameKey(this.#keys, found, keys, row)) return found;
    }
  }

  #indexed(): Uint32Array {
    const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * this.#rows + 1)));
    for (let row = 0; row < this.#rows; row++) {
      let slot = hashOfKey(this.#keys, row) & (slots.length - 1);
      let found = (slots[slot] ?? missing('slots')) - 1;
      while (found !== -1 && !isSameKey(this.#keys, found, this.#keys, row)) {
        slot = (slot + 1) & (slots.length - 1);
        found = (slots[slot] ?? missing('slots')) - 1;
      }
      if (found === -1) slots[slot] = row + 1;
    }
    return slots;
  }
}
