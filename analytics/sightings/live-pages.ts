import { missing } from '../../indicium/index.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import type { Sighting } from './sighting.ts';
import { BYTES_A_SIGHTING, SightingColumns } from './sighting-columns.ts';

/** Pieces of one register set that share a page: their piece counts differ in the last six bits. */
export const PAGE_PIECES = 64;

/** Pages are allocated so many at a time: 8.1 MB. */
const PAGES_PER_SLAB = 4_096;
const SLOTS_PER_SLAB = PAGES_PER_SLAB * PAGE_PIECES;

/** First sightings of 64 neighboring piece counts a page, in flat arrays. */
class Slab {
  readonly content = new BigUint64Array(SLOTS_PER_SLAB);
  readonly mailpiece = new BigUint64Array(SLOTS_PER_SLAB);
  readonly seen = new SightingColumns(SLOTS_PER_SLAB);
}

/** Of a slot: the arrays of Slab. */
const BYTES_A_PIECE = 16 + BYTES_A_SIGHTING;

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
    return this.#slab(page).seen.has(slotAt(page, slot));
  }

  /** The sighting in a slot that has one. */
  get(page: number, slot: number): Sighting {
    const slab = this.#slab(page);
    const at = slotAt(page, slot);
    return slab.seen.get(at, slab.content[at] ?? missing('content'), slab.mailpiece[at] ?? missing('mailpiece'));
  }

  set(page: number, slot: number, sighting: Sighting): void {
    const slab = this.#slab(page);
    const at = slotAt(page, slot);
    slab.content[at] = sighting.content;
    slab.mailpiece[at] = sighting.mailpiece;
    slab.seen.set(at, sighting);
  }

  /** Empties a page and gives which of its slots were seen: bits 0 to 31 and 32 to 63. */
  take(page: number): readonly [low: number, high: number] {
    const { seen } = this.#slab(page);
    const start = slotAt(page, 0);
    const bits: [number, number] = [0, 0];
    for (let slot = 0; slot < PAGE_PIECES; slot++) {
      if (seen.has(start + slot)) bits[slot < 32 ? 0 : 1] |= 1 << (slot & 31);
    }
    seen.clear(start, start + PAGE_PIECES);
    return bits;
  }

  #slab(page: number): Slab {
    const slab = this.#slabs[Math.floor(page / PAGES_PER_SLAB)];
    if (slab === undefined) throw new RangeError(`no page ${page}`);
    return slab;
  }

  save(to: BlockWriter): void {
    to.array(Float64Array.of(this.#pages));
    for (const { content, mailpiece, seen } of this.#slabs) {
      to.array(content);
      to.array(mailpiece);
      seen.save(to);
    }
  }

  load(from: BlockReader): void {
    const pages = from.double();
    while (this.#pages < pages) this.add();
    for (const { content, mailpiece, seen } of this.#slabs) {
      content.set(from.longs());
      mailpiece.set(from.longs());
      seen.load(from);
    }
  }
}

function slotAt(page: number, slot: number): number {
  return (page % PAGES_PER_SLAB) * PAGE_PIECES + slot;
}
