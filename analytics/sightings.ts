import { SIGHTING_PAGES_MAX, SIGHTINGS_PER_PIECE_MAX } from './limits.ts';
import { type Repetition, relate, type Sighting, sameSighting } from './relation.ts';
import { PAGE_PIECES, SightingPage } from './sighting-page.ts';

interface Judged {
  readonly sighting: Sighting;
  readonly repetitions: readonly Repetition[];
}

const PAGE_BITS = BigInt(Math.log2(PAGE_PIECES));
const SLOT_MASK = BigInt(PAGE_PIECES - 1);
const NOTHING: readonly Repetition[] = [];

/**
 * Which pieces were seen before: exact, and addressed by the piece count itself, since the counts of a register set
 * are dense and rise. Most pieces have one sighting or plain re-scans of it; the others are kept beside the pages.
 */
export class Sightings {
  readonly #sets = new Map<string, Map<bigint, SightingPage>>();
  readonly #others = new Map<string, Judged[]>();
  #pages = 0;

  get pages(): number {
    return this.#pages;
  }

  /**
   * Notes a sighting of a genuine mark and tells what it repeats. Scanning the same mailpiece again gives the same
   * answer as the first time.
   */
  observe(registerSet: string, pieceCount: bigint, sighting: Sighting): readonly Repetition[] {
    const page = this.#page(registerSet, pieceCount >> PAGE_BITS);
    const slot = Number(pieceCount & SLOT_MASK);
    const first = page.get(slot);
    if (first === undefined) {
      page.set(slot, sighting);
      return NOTHING;
    }
    if (sameSighting(first, sighting) && first.mailpiece !== 0n) return NOTHING;
    return this.#observeOther(`${registerSet} ${pieceCount}`, first, sighting);
  }

  #observeOther(key: string, first: Sighting, sighting: Sighting): readonly Repetition[] {
    const others = this.#others.get(key) ?? [];
    const known: readonly Judged[] = [{ sighting: first, repetitions: NOTHING }, ...others];
    const samePiece = known.find((judged) => isSameMailpiece(judged.sighting, sighting));
    if (samePiece !== undefined) return samePiece.repetitions;

    const related = new Set(known.map((judged) => relate(judged.sighting, sighting)));
    const repetitions = [...related].filter((repetition) => repetition !== null);
    const isNew = !known.some((judged) => sameSighting(judged.sighting, sighting));
    if (isNew && others.length < SIGHTINGS_PER_PIECE_MAX) {
      this.#others.set(key, [...others, { sighting, repetitions }]);
    }
    return repetitions;
  }

  #page(registerSet: string, number: bigint): SightingPage {
    let pages = this.#sets.get(registerSet);
    if (pages === undefined) {
      pages = new Map();
      this.#sets.set(registerSet, pages);
    }
    let page = pages.get(number);
    if (page === undefined) {
      if (this.#pages >= SIGHTING_PAGES_MAX) {
        throw new Error(`the sightings index is full: ${SIGHTING_PAGES_MAX} pages of ${PAGE_PIECES} pieces`);
      }
      page = new SightingPage();
      pages.set(number, page);
      this.#pages += 1;
    }
    return page;
  }
}

function isSameMailpiece(a: Sighting, b: Sighting): boolean {
  return a.mailpiece !== 0n && a.mailpiece === b.mailpiece && a.content === b.content;
}
