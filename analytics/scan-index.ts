import { hashOfSpan, isSameSpan, type TextColumn } from '../indicium/index.ts';

/**
 * First rows of scan ids in one column, found out when first asked. A flat table of rows, since a map of thousands of
 * texts for each batch would keep the garbage collector busy.
 */
export class ScanIndex {
  readonly #scanIds: TextColumn;
  readonly #rows: number;
  /** Row + 1 in the slot of its hash or the next free one; 0 where there is none. */
  #slots: Uint32Array | null = null;

  constructor(scanIds: TextColumn, rows: number) {
    this.#scanIds = scanIds;
    this.#rows = rows;
  }

  /** First row here with the scan id that stands in a row of another column, or of this one; −1 when there is none. */
  firstRow(scanIds: TextColumn, row: number): number {
    this.#slots ??= this.#indexed();
    const slots = this.#slots;
    for (let slot = hashAt(scanIds, row) & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
      const found = (slots[slot] ?? 0) - 1;
      if (found === -1 || isSame(this.#scanIds, found, scanIds, row)) return found;
    }
  }

  #indexed(): Uint32Array {
    const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * this.#rows + 1)));
    for (let row = 0; row < this.#rows; row++) {
      let slot = hashAt(this.#scanIds, row) & (slots.length - 1);
      let found = (slots[slot] ?? 0) - 1;
      while (found !== -1 && !isSame(this.#scanIds, found, this.#scanIds, row)) {
        slot = (slot + 1) & (slots.length - 1);
        found = (slots[slot] ?? 0) - 1;
      }
      if (found === -1) slots[slot] = row + 1;
    }
    return slots;
  }
}

function hashAt({ offsets, bytes }: TextColumn, row: number): number {
  return hashOfSpan(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
}

function isSame(left: TextColumn, leftRow: number, right: TextColumn, rightRow: number): boolean {
  const leftStart = left.offsets[leftRow] ?? 0;
  const rightStart = right.offsets[rightRow] ?? 0;
  const length = (left.offsets[leftRow + 1] ?? 0) - leftStart;
  if (length !== (right.offsets[rightRow + 1] ?? 0) - rightStart) return false;
  return isSameSpan(left.bytes, leftStart, right.bytes, rightStart, length);
}
