import { missing } from '../../indicium/index.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';

/** Pages are added so many at a time. */
const GROWTH = 65_536;

/** Whose each page is: its register set and its number within the set. */
export class PageOwners {
  #sets = new Int32Array(GROWTH);
  #numbers = new BigUint64Array(GROWTH);

  get bytes(): number {
    return this.#sets.byteLength + this.#numbers.byteLength;
  }

  set(page: number, registerSet: number, number: bigint): void {
    if (page >= this.#sets.length) this.#grow();
    this.#sets[page] = registerSet;
    this.#numbers[page] = number;
  }

  setOf(page: number): number {
    return this.#sets[page] ?? missing('sets');
  }

  numberOf(page: number): bigint {
    return this.#numbers[page] ?? missing('numbers');
  }

  #grow(): void {
    const sets = new Int32Array(this.#sets.length * 2);
    sets.set(this.#sets);
    const numbers = new BigUint64Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#sets = sets;
    this.#numbers = numbers;
  }

  save(to: BlockWriter): void {
    to.array(this.#sets);
    to.array(this.#numbers);
  }

  load(from: BlockReader): void {
    this.#sets = from.integers();
    this.#numbers = from.longs();
  }
}
