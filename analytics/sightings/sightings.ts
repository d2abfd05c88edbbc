import { missing } from '../../indicium/index.ts';
import { LIVE_PAGES_MAX, SEEN_PAGES_MAX } from '../limits.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import { KeptBeside } from './kept-beside.ts';
import { LivePages, PAGE_PIECES } from './live-pages.ts';
import { PageOwners } from './page-owners.ts';
import { PageTable } from './page-table.ts';
import type { PathRules } from './path-rules.ts';
import type { Repetition } from './relation.ts';
import { SeenBits } from './seen-bits.ts';
import { NOT_SIGNED, type Sighting } from './sighting.ts';

const PAGE_BITS = BigInt(Math.log2(PAGE_PIECES));
const SLOT_MASK = BigInt(PAGE_PIECES - 1);
const NOTHING: readonly Repetition[] = [];
const POSSIBLE: readonly Repetition[] = ['possible-copy'];

interface SightingBounds {
  readonly livePages: number;
  readonly seenPages: number;
}

/**
 * Which pieces were seen before: exact, and addressed by the piece count itself, since the counts of a register set are
 * dense and rise.
 *
 * Pages of the live window hold what is needed to tell a re-scan from a copy or a fork. When the window is full, the page
 * that was not used for longest shrinks to one bit a piece: what repeats such a piece may be a copy, and nobody is
 * accused before the detectors have looked at all the evidence. When the room for bits is full too, the oldest of them are
 * forgotten, and only the detectors find what repeats them.
 */
export class Sightings {
  readonly #bounds: SightingBounds;
  #tables: PageTable[] = [];
  readonly #live = new LivePages();
  readonly #liveOwners = new PageOwners();
  /** 1: used since the hand of the clock last passed; 2: may have sightings kept beside it. */
  #flags = new Uint8Array(1_024);
  #hand = 0;
  readonly #seen = new SeenBits();
  readonly #seenOwners = new PageOwners();
  /** Pages of bits ever made; beyond the bound they take the place of the oldest. */
  #seenMade = 0;
  /** Sightings beyond the first of a piece, by live page and slot. */
  readonly #others: KeptBeside;

  constructor(rules: PathRules, bounds: SightingBounds = { livePages: LIVE_PAGES_MAX, seenPages: SEEN_PAGES_MAX }) {
    this.#bounds = bounds;
    this.#others = new KeptBeside(rules);
  }

  get livePages(): number {
    return this.#live.pages;
  }

  get seenPages(): number {
    return Math.min(this.#seenMade, this.#bounds.seenPages);
  }

  /** Number of a new register set. */
  addSet(): number {
    this.#tables.push(new PageTable());
    return this.#tables.length - 1;
  }

  /**
   * Notes a sighting of a genuine mark and tells what it repeats. Of two sightings that contradict each other the
   * later one is told so, and so is every re-scan of either mailpiece after that. `signedOf` tells what its mark is signed for.
   */
  observe(
    registerSet: number,
    pieceCount: bigint,
    sighting: Sighting,
    signedOf = () => NOT_SIGNED,
  ): readonly Repetition[] {
    const slot = Number(pieceCount & SLOT_MASK);
    const page = this.#pageOf(registerSet, pieceCount >> PAGE_BITS);
    if (page < 0) return this.#seen.testAndSet(-1 - page, slot) ? POSSIBLE : NOTHING;
    if (!this.#live.has(page, slot)) {
      this.#live.set(page, slot, sighting);
      return NOTHING;
    }
    this.#flags[page] = (this.#flags[page] ?? missing('flags')) | HAS_OTHERS;
    return this.#others.repeated(page * PAGE_PIECES + slot, this.#live.get(page, slot), sighting, signedOf);
  }

  /**
   * Notes that pieces of a page were seen by a time of which nothing else is known here: `counts` has one bit for each of
   * its 64 piece counts. To be told before any sighting of the page.
   */
  noteSeen(registerSet: number, page: bigint, counts: bigint): void {
    const bits = [Number(counts & 0xffffffffn), Number(counts >> 32n)] as const;
    const entry = this.#tables[registerSet]?.get(page) ?? 0;
    if (entry < 0) this.#seen.merge(-1 - entry, bits);
    else this.#keepBits(registerSet, page, bits);
  }

  /** The live page of a piece; −1 − page where it is one of bits. */
  #pageOf(registerSet: number, number: bigint): number {
    const table = this.#tables[registerSet];
    if (table === undefined) throw new RangeError(`no register set ${registerSet}`);
    const entry = table.get(number);
    if (entry < 0) return entry;
    if (entry > 0) {
      // Only what is used again is held fast: a page of a single piece is the first to shrink.
      this.#flags[entry - 1] = (this.#flags[entry - 1] ?? missing('flags')) | USED;
      return entry - 1;
    }
    const page = this.#live.pages < this.#bounds.livePages ? this.#live.add() : this.#freed();
    if (page >= this.#flags.length) this.#flags = doubled(this.#flags);
    this.#liveOwners.set(page, registerSet, number);
    table.set(number, page + 1);
    return page;
  }

  /** Shrinks the live page that was not used for longest (by the clock algorithm) and gives its number. */
  #freed(): number {
    while (((this.#flags[this.#hand] ?? missing('flags')) & USED) !== 0) {
      this.#flags[this.#hand] = (this.#flags[this.#hand] ?? missing('flags')) & ~USED;
      this.#hand = (this.#hand + 1) % this.#live.pages;
    }
    const page = this.#hand;
    this.#hand = (this.#hand + 1) % this.#live.pages;
    if ((this.#flags[page] ?? missing('flags')) & HAS_OTHERS) {
      for (let slot = 0; slot < PAGE_PIECES; slot++) this.#others.forget(page * PAGE_PIECES + slot);
    }
    this.#flags[page] = 0;
    this.#keepBits(this.#liveOwners.setOf(page), this.#liveOwners.numberOf(page), this.#live.take(page));
    return page;
  }

  #keepBits(registerSet: number, number: bigint, bits: readonly [number, number]): void {
    const page = this.#seenMade % this.#bounds.seenPages;
    if (this.#seenMade >= this.#bounds.seenPages) {
      this.#tables[this.#seenOwners.setOf(page)]?.delete(this.#seenOwners.numberOf(page));
    }
    this.#seenMade += 1;
    this.#seenOwners.set(page, registerSet, number);
    this.#seen.put(page, bits);
    this.#tables[registerSet]?.set(number, -1 - page);
  }

  save(to: BlockWriter): void {
    to.array(Float64Array.of(this.#hand));
    to.array(Float64Array.of(this.#seenMade));
    PageTable.save(this.#tables, to);
    this.#live.save(to);
    this.#liveOwners.save(to);
    to.array(this.#flags);
    this.#seen.save(to);
    this.#seenOwners.save(to);
    this.#others.save(to);
  }

  /** Of the same bounds, and before anything was noted. */
  load(from: BlockReader): void {
    this.#hand = from.double();
    this.#seenMade = from.double();
    this.#tables = PageTable.load(from);
    this.#live.load(from);
    this.#liveOwners.load(from);
    this.#flags = from.bytes();
    this.#seen.load(from);
    this.#seenOwners.load(from);
    this.#others.load(from);
  }
}

const USED = 1;
const HAS_OTHERS = 2;

function doubled(flags: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(flags.length * 2);
  larger.set(flags);
  return larger;
}
