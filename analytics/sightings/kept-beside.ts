import { missing } from '../../indicium/index.ts';
import { PIECES_KEPT_BESIDE_MAX, SIGHTINGS_PER_PIECE_MAX } from '../limits.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import { type Kept, pathAnswer } from './path.ts';
import { PathRing } from './path-ring.ts';
import type { PathRules } from './path-rules.ts';
import { type Repetition, relate } from './relation.ts';
import type { Sighting, Signed } from './sighting.ts';
import { SightingColumns } from './sighting-columns.ts';

const NOTHING: readonly Repetition[] = [];
const POSSIBLE: readonly Repetition[] = ['possible-copy'];

/** What was seen of one piece count with which something is wrong, after its first sighting. */
interface SeenPiece {
  /** Sightings that differ in anything; the first of the piece stands elsewhere, here is how often it was made again. */
  readonly kept: Kept[];
  /** What is known of the mailpieces by now, by id and contents; most have nothing. */
  answers: Map<string, 'cloned-id' | 'possible-copy'> | null;
}

/**
 * The sightings of a piece after its first one. Pieces with something wrong are kept while there is room; without room, a piece
 * goes to a person at least. Of the other pieces, the oldest sightings are forgotten: a later scan is compared with the first
 * of its piece and with what is left, and the detectors compare it with all of them.
 */
export class KeptBeside {
  readonly #rules: PathRules;
  readonly #wrong = new Map<number, SeenPiece>();
  readonly #paths = new PathRing();

  constructor(rules: PathRules) {
    this.#rules = rules;
  }

  /** Notes a sighting of the piece with that key, and tells what it repeats. `signedOf` tells what its mark is signed for. */
  repeated(key: number, first: Sighting, sighting: Sighting, signedOf: () => Signed): readonly Repetition[] {
    const wrong = this.#wrong.get(key);
    if (wrong !== undefined) return this.#repeatedIn(wrong, first, sighting, signedOf);
    const path = this.#paths.pathOf(key, first);
    const isOnPath =
      sighting.mailpiece !== 0n &&
      sighting.mailpiece === first.mailpiece &&
      sighting.content === first.content &&
      path.length < SIGHTINGS_PER_PIECE_MAX &&
      pathAnswer(path, sighting, this.#rules) === null;
    if (isOnPath) {
      this.#paths.note(key, sighting);
      return NOTHING;
    }
    const record: SeenPiece = { kept: path.slice(1), answers: null };
    if (this.#wrong.size < PIECES_KEPT_BESIDE_MAX) this.#wrong.set(key, record);
    const repetitions = this.#repeatedIn(record, first, sighting, signedOf);
    return repetitions.length === 0 && !this.#wrong.has(key) ? POSSIBLE : repetitions;
  }

  forget(key: number): void {
    this.#wrong.delete(key);
    this.#paths.forget(key);
  }

  #repeatedIn(record: SeenPiece, first: Sighting, sighting: Sighting, signedOf: () => Signed): readonly Repetition[] {
    const repetitions = this.#repetitionsOf(first, record, sighting, signedOf);
    return !note(record.kept, sighting) && repetitions.length === 0 ? POSSIBLE : repetitions;
  }

  #repetitionsOf(
    first: Sighting,
    record: SeenPiece,
    sighting: Sighting,
    signedOf: () => Signed,
  ): readonly Repetition[] {
    const found = new Set<Repetition>();
    const path: Kept[] = [];
    let unidentified = 1;
    const compare = (kept: Kept) => {
      const { sighting: earlier, times } = kept;
      const isSameContent = earlier.content === sighting.content;
      if (isSameContent && sighting.mailpiece !== 0n && earlier.mailpiece === sighting.mailpiece) {
        path.push(kept);
        return;
      }
      const repetition = relate(earlier, sighting, this.#rules, signedOf);
      if (repetition !== null) found.add(repetition);
      const isSamePlace = earlier.plant === sighting.plant && earlier.pass === sighting.pass;
      if (isSameContent && earlier.mailpiece === 0n && sighting.mailpiece === 0n && isSamePlace) unidentified += times;
    };
    compare({ sighting: first, times: 1 });
    for (const kept of record.kept) compare(kept);
    if (unidentified > this.#rules.unidentifiedScansMax) found.add('copy');
    const answer = this.#answerOfPath(record, path, sighting);
    if (answer !== null) found.add(answer);
    return found.size === 0 ? NOTHING : [...found];
  }

  /** What is known against a mailpiece once stays known: every re-scan of it is told so. */
  #answerOfPath(record: SeenPiece, path: readonly Kept[], sighting: Sighting): Repetition | null {
    if (path.length === 0) return null;
    const mailpiece = `${sighting.content}/${sighting.mailpiece}`;
    const known = record.answers?.get(mailpiece) ?? null;
    if (known === 'cloned-id') return known;
    const answer = pathAnswer(path, sighting, this.#rules) ?? known;
    if (answer !== null) {
      record.answers ??= new Map();
      record.answers.set(mailpiece, answer);
    }
    return answer;
  }

  save(to: BlockWriter): void {
    const pieces = [...this.#wrong];
    const kept = pieces.flatMap(([, { kept: sightings }]) => sightings);
    to.array(Float64Array.from(pieces, ([key]) => key));
    to.array(Uint32Array.from(pieces, ([, piece]) => piece.kept.length));
    to.array(Uint32Array.from(kept, ({ times }) => times));
    to.array(BigUint64Array.from(kept, ({ sighting }) => sighting.content));
    to.array(BigUint64Array.from(kept, ({ sighting }) => sighting.mailpiece));
    const columns = new SightingColumns(kept.length);
    for (const [at, { sighting }] of kept.entries()) columns.set(at, sighting);
    columns.save(to);
    const answers = pieces.flatMap(([key, piece]) =>
      [...(piece.answers ?? [])].map(([mailpiece, answer]) => ({ key, ids: mailpiece.split('/'), answer })),
    );
    to.array(Float64Array.from(answers, ({ key }) => key));
    to.array(BigUint64Array.from(answers.flatMap(({ ids }) => ids.map(BigInt))));
    to.array(Uint8Array.from(answers, ({ answer }) => (answer === 'cloned-id' ? 1 : 0)));
    this.#paths.save(to);
  }

  load(from: BlockReader): void {
    const keys = from.doubles();
    const lengths = from.words();
    const times = from.words();
    const contents = from.longs();
    const mailpieces = from.longs();
    const columns = new SightingColumns(times.length);
    columns.load(from);
    let at = 0;
    for (const [index, key] of keys.entries()) {
      const kept: Kept[] = [];
      for (const end = at + (lengths[index] ?? missing('lengths')); at < end; at++) {
        const sighting = columns.get(at, contents[at] ?? missing('contents'), mailpieces[at] ?? missing('mailpieces'));
        kept.push({ sighting, times: times[at] ?? missing('times') });
      }
      this.#wrong.set(key, { kept, answers: null });
    }
    const answered = from.doubles();
    const ids = from.longs();
    const cloned = from.bytes();
    for (const [row, key] of answered.entries()) {
      const piece = this.#wrong.get(key) ?? missing('wrong');
      piece.answers ??= new Map();
      piece.answers.set(`${ids[2 * row]}/${ids[2 * row + 1]}`, cloned[row] === 1 ? 'cloned-id' : 'possible-copy');
    }
    this.#paths.load(from);
  }
}

/** False where nothing can be remembered of it. */
function note(kept: Kept[], sighting: Sighting): boolean {
  const same = kept.find((other) => isSame(other.sighting, sighting));
  if (same !== undefined) {
    same.times += 1;
    return true;
  }
  if (kept.length + 1 >= SIGHTINGS_PER_PIECE_MAX) {
    // Of so many scans of one piece only their number counts any more.
    const near = kept.find(({ sighting: other }) => isAlike(other, sighting));
    if (near !== undefined) near.times += 1;
    return false;
  }
  kept.push({ sighting, times: 1 });
  return true;
}

function isAlike(one: Sighting, other: Sighting): boolean {
  return (
    one.content === other.content &&
    one.mailpiece === other.mailpiece &&
    one.plant === other.plant &&
    one.pass === other.pass
  );
}

function isSame(one: Sighting, other: Sighting): boolean {
  return (
    isAlike(one, other) &&
    one.halfHour === other.halfHour &&
    one.weightGrams === other.weightGrams &&
    one.area === other.area
  );
}
