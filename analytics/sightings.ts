import { SIGHTING_PAGES_MAX, SIGHTINGS_PER_PIECE_MAX } from './limits.ts';
import { type Repetition, relate, type Sighting } from './relation.ts';
import { PAGE_PIECES, SightingPage } from './sighting-page.ts';

const PAGE_BITS = BigInt(Math.log2(PAGE_PIECES));
const SLOT_MASK = BigInt(PAGE_PIECES - 1);
const NOTHING: readonly Repetition[] = [];

/**
 * Which pieces were seen before: exact, and addressed by the piece count itself, since the counts of a register set
 * are dense and rise. Most pieces have one sighting or plain re-scans of it; what differs is kept beside the pages.
 */
export class Sightings {
  readonly #sets = new Map<string, Map<bigint, SightingPage>>();
  readonly #others = new Map<string, Sighting[]>();
  #pages = 0;

  get pages(): number {
    return this.#pages;
  }

  /**
   * Notes a sighting of a genuine mark and tells what it repeats. Of two sightings that contradict each other the
   * later one is told so, and so is every re-scan of either mailpiece after that.
   */
  observe(registerSet: string, pieceCount: bigint, sighting: Sighting): readonly Repetition[] {
    const page = this.#page(registerSet, pieceCount >> PAGE_BITS);
    const slot = Number(pieceCount & SLOT_MASK);
    const first = page.get(slot);
    if (first === undefined) {
      page.set(slot, sighting);
      return NOTHING;
    }
    const key = `${registerSet} ${pieceCount}`;
    const others = this.#others.get(key);
    if (others === undefined && addsNothing([first], sighting)) return repetitionsOf([first], sighting);

    const known = [first, ...(others ?? [])];
    if (!addsNothing(known, sighting) && known.length < SIGHTINGS_PER_PIECE_MAX) {
      this.#others.set(key, [...(others ?? []), sighting]);
    }
    const repetitions = repetitionsOf(known, sighting);
    // With so many sightings of one count, some were not remembered: an answer that accuses nobody, but lets none pass.
    const isFull = known.length >= SIGHTINGS_PER_PIECE_MAX;
    return isFull && repetitions.length === 0 ? ['possible-copy'] : repetitions;
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

function repetitionsOf(known: readonly Sighting[], sighting: Sighting): readonly Repetition[] {
  const related = new Set(known.map((earlier) => relate(earlier, sighting)));
  related.delete(null);
  return related.size === 0 ? NOTHING : [...related].filter((repetition) => repetition !== null);
}

/**
 * Whether remembering the sighting could change no later answer: an identified mailpiece need be remembered once, and
 * again only when it enters the mail at another plant; a mailpiece without id once for each plant and pass.
 */
function addsNothing(known: readonly Sighting[], sighting: Sighting): boolean {
  const { content, mailpiece, plant, pass } = sighting;
  const same = known.filter((earlier) => earlier.content === content && earlier.mailpiece === mailpiece);
  if (same.length === 0) return false;
  if (mailpiece !== 0n && pass !== 'origin') return true;
  return same.some((earlier) => earlier.plant === plant && earlier.pass === pass);
}
