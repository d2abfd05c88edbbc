import { missing } from '../indicium/index.ts';
import { spkiOf } from './key-gate.ts';
import { type KeyTable, suiteAt } from './key-table.ts';
import { IMPORTED_KEYS_MAX } from './limits.ts';
import { type VerifyingKey, verifyingKey } from './signature.ts';

/**
 * Imported keys of one table in one thread. Importing costs a third of a verification and a key object 2 kB, so the
 * last used are kept and the cache has a bound: CLOCK, which needs one bit a key and no list.
 */
export class KeyCache {
  readonly #table: KeyTable;
  readonly #capacity: number;
  /** Slot + 1 of each row of the table; 0 where the key is not imported. */
  readonly #slotOf: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #recent: Uint8Array;
  readonly #keys: (VerifyingKey | null)[] = [];
  #hand = 0;

  constructor(table: KeyTable, capacity: number = IMPORTED_KEYS_MAX) {
    this.#table = table;
    this.#capacity = Math.min(capacity, Math.max(1, table.size));
    this.#slotOf = new Uint32Array(table.size);
    this.#rows = new Uint32Array(this.#capacity);
    this.#recent = new Uint8Array(this.#capacity);
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Null for a key whose point is not on its curve: the form was checked when the table was built, the point here. */
  get(row: number): VerifyingKey | null {
    const known = this.#slotOf[row] ?? missing('slotOf');
    if (known !== 0) {
      this.#recent[known - 1] = 1;
      return this.#keys[known - 1] ?? null;
    }
    const slot = this.#freeSlot();
    const key = importRow(this.#table, row);
    this.#keys[slot] = key;
    this.#rows[slot] = row;
    this.#recent[slot] = 0;
    this.#slotOf[row] = slot + 1;
    return key;
  }

  #freeSlot(): number {
    if (this.#keys.length < this.#capacity) return this.#keys.length;
    while (this.#recent[this.#hand] === 1) {
      this.#recent[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.#capacity;
    }
    const slot = this.#hand;
    this.#hand = (this.#hand + 1) % this.#capacity;
    this.#slotOf[this.#rows[slot] ?? missing('rows')] = 0;
    return slot;
  }
}

function importRow(table: KeyTable, row: number): VerifyingKey | null {
  const suite = suiteAt(table, row);
  const material = table.material.subarray(table.materialStarts[row], table.materialStarts[row + 1]);
  return verifyingKey(suite, spkiOf(suite, material));
}
