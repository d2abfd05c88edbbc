import { SORTING_PASSES } from '../indicium/index.ts';
import type { Sighting } from './relation.ts';

/** Pieces of one register set that share a page: their piece counts differ in the last six bits. */
export const PAGE_PIECES = 64;

/** Pages are allocated so many at a time: 8.1 MB. */
const PAGES_PER_SLAB = 4_096;
const SLOTS_PER_SLAB = PAGES_PER_SLAB * PAGE_PIECES;

/** First sightings of 64 neighboring piece counts a page, in flat arrays: 31 bytes a piece. */
class Slab {
  readonly content = new BigUint64Array(SLOTS_PER_SLAB);
  readonly mailpiece = new BigUint64Array(SLOTS_PER_SLAB);
  readonly plant = new Uint32Array(SLOTS_PER_SLAB);
  readonly halfHour = new Uint32Array(SLOTS_PER_SLAB);
  readonly area = new Uint32Array(SLOTS_PER_SLAB);
  /** Up to WEIGHT_GRAMS_MAX. */
  readonly weightGrams = new Uint16Array(SLOTS_PER_SLAB);
  /** 0: nothing seen; 1: seen, pass unknown; 2 and up: seen in SORTING_PASSES[value − 2]. */
  readonly state = new Uint8Array(SLOTS_PER_SLAB);
}

/** Mail that is heavier goes in parcels; 65 kg are told from no more. */
export const WEIGHT_GRAMS_MAX = 2 ** 16 - 1;

/** Of a slot: the arrays of Slab. */
export const BYTES_A_PIECE = 31;

/** The pages of the live window, by number. */
export class LivePages {
  readonly #slabs: Slab[] = [];
  #pages = 0;

  get pages(): number {
    return this.#pages;
  }

  get bytes(): number {
    return this.#slabs.length * SLOTS_PER_SLAB * BYTES_A_PIECE;
  }

  /** Number of a new, empty page. */
  add(): number {
    const page = this.#pages;
    if (page % PAGES_PER_SLAB === 0) this.#slabs.push(new Slab());
    this.#pages += 1;
    return page;
  }

  has(page: number, slot: number): boolean {
    return this.#slab(page).state[slotAt(page, slot)] !== 0;
  }

  /** The sighting in a slot that has one. */
  get(page: number, slot: number): Sighting {
    const slab = this.#slab(page);
    const at = slotAt(page, slot);
    return {
      content: slab.content[at] ?? 0n,
      mailpiece: slab.mailpiece[at] ?? 0n,
      plant: slab.plant[at] ?? 0,
      pass: SORTING_PASSES[(slab.state[at] ?? 0) - 2] ?? null,
      halfHour: slab.halfHour[at] ?? 0,
      weightGrams: slab.weightGrams[at] ?? 0,
      area: slab.area[at] ?? 0,
    };
  }

  set(page: number, slot: number, sighting: Sighting): void {
    const slab = this.#slab(page);
    const at = slotAt(page, slot);
    slab.content[at] = sighting.content;
    slab.mailpiece[at] = sighting.mailpiece;
    slab.plant[at] = sighting.plant;
    slab.halfHour[at] = sighting.halfHour;
    slab.weightGrams[at] = sighting.weightGrams;
    slab.area[at] = sighting.area;
    slab.state[at] = sighting.pass === null ? 1 : SORTING_PASSES.indexOf(sighting.pass) + 2;
  }

  /** Empties a page and gives which of its slots were seen: bits 0 to 31 and 32 to 63. */
  take(page: number): readonly [low: number, high: number] {
    const { state } = this.#slab(page);
    const start = slotAt(page, 0);
    const bits: [number, number] = [0, 0];
    for (let slot = 0; slot < PAGE_PIECES; slot++) {
      if (state[start + slot] !== 0) bits[slot < 32 ? 0 : 1] |= 1 << (slot & 31);
    }
    state.fill(0, start, start + PAGE_PIECES);
    return bits;
  }

  #slab(page: number): Slab {
    const slab = this.#slabs[Math.floor(page / PAGES_PER_SLAB)];
    if (slab === undefined) throw new RangeError(`no page ${page}`);
    return slab;
  }
}

function slotAt(page: number, slot: number): number {
  return (page % PAGES_PER_SLAB) * PAGE_PIECES + slot;
}
