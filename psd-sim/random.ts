import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * Seeded randomness. Every concern draws from a stream of its own, named by a label, so that a change in one of them
 * (one more smudge) does not change the others (which key, which customer).
 */
export class Random {
  readonly #seed: string;
  readonly #generator: RandomGenerator;

  constructor(seed: string) {
    this.#seed = seed;
    this.#generator = xoroshiro128plus(createHash('sha256').update(seed).digest().readInt32BE(0));
  }

  stream(label: string): Random {
    return new Random(`${this.#seed}/${label}`);
  }

  /** 32 bytes that follow from the seed and the label alone. */
  bytes(label: string): Buffer {
    return createHash('sha256').update(`${this.#seed}/${label}/bytes`).digest();
  }

  /** Inclusive on both ends. */
  int(min: number, max: number): number {
    return uniformInt(this.#generator, min, max);
  }

  /** At least 0, below 1. */
  fraction(): number {
    return this.int(0, 2 ** 24 - 1) / 2 ** 24;
  }

  between(min: number, max: number): number {
    return min + (max - min) * this.fraction();
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.int(0, items.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** Standard normal, by Box and Muller. */
  gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.fraction())) * Math.cos(2 * Math.PI * this.fraction());
  }
}
