import { SORTING_PASSES } from '../indicium/index.ts';
import type { Sighting } from './relation.ts';

/** Pieces of one register set that share a page: their piece counts differ in the last six bits. */
export const PAGE_PIECES = 64;

/** First sightings of 64 neighboring piece counts, as plain arrays: 21 bytes a piece. */
export class SightingPage {
  readonly #content = new BigUint64Array(PAGE_PIECES);
  readonly #mailpiece = new BigUint64Array(PAGE_PIECES);
  readonly #plant = new Uint32Array(PAGE_PIECES);
  /** 0: nothing seen; 1: seen, pass unknown; 2 and up: seen in SORTING_PASSES[value − 2]. */
  readonly #state = new Uint8Array(PAGE_PIECES);

  get(slot: number): Sighting | undefined {
    const state = this.#state[slot] ?? 0;
    if (state === 0) return undefined;
    return {
      content: this.#content[slot] ?? 0n,
      mailpiece: this.#mailpiece[slot] ?? 0n,
      plant: this.#plant[slot] ?? 0,
      pass: SORTING_PASSES[state - 2] ?? null,
    };
  }

  set(slot: number, sighting: Sighting): void {
    this.#content[slot] = sighting.content;
    this.#mailpiece[slot] = sighting.mailpiece;
    this.#plant[slot] = sighting.plant;
    this.#state[slot] = sighting.pass === null ? 1 : SORTING_PASSES.indexOf(sighting.pass) + 2;
  }
}
