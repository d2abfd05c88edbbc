import {
  bigintAt,
  bytesOrNullAt,
  digest64,
  isGenuine,
  isReasonCode,
  isValid,
  numberAt,
  type Reading,
  type ReadingColumns,
  type ReadingOutcome,
  type ReasonCode,
  type Scan,
  SORTING_PASSES,
  type SortingPass,
  TextCache,
  type Verdict,
} from '../indicium/index.ts';
import { PLANTS_MAX } from './limits.ts';
import { dispositionFor } from './policy.ts';
import { DEFAULT_POLICY, type Policy } from './policy-file.ts';
import { Sightings } from './sightings.ts';

/** What the judge needs of a genuine mark; the store gives the same back when the sightings are rebuilt. */
export interface SightedPiece {
  readonly license: number;
  readonly psd: string;
  readonly pieceCount: bigint;
  readonly content: bigint;
  /** Digest of the mailpiece id; 0 where the plant gave none. */
  readonly mailpiece: bigint;
  readonly plant: string | null;
  readonly pass: SortingPass | null;
}

/** Answers for one piece after another, in the order of their source; remembers the sightings. */
export class Judge {
  readonly #sightings = new Sightings();
  readonly #sets = new Map<number, Map<string, number>>();
  readonly #plants = new Map<string, number>();
  /** Names of PSDs, plants, outcomes and the like, which come again and again. */
  readonly texts = new TextCache();
  readonly #policy: Policy;

  constructor(policy: Policy = DEFAULT_POLICY) {
    this.#policy = policy;
  }

  judge(scan: Scan, { indicium, outcome, contentDigest }: Reading): Verdict {
    const { scanId, mailpieceId, plant, pass } = scan;
    const mailpiece = mailpieceDigest(mailpieceId);
    const piece = indicium && { ...indicium, content: contentDigest, mailpiece, plant, pass };
    const reasons = this.#reasons(outcome, () => piece);
    return { scanId, ...this.answer(reasons) };
  }

  /** One row of a batch. */
  judgeRow(readings: ReadingColumns, row: number): Pick<Verdict, 'disposition' | 'reasons'> {
    const reasons = this.#reasons(this.#outcomeAt(readings, row), () => this.#pieceAt(readings, row));
    return this.answer(reasons);
  }

  /** What the policy does for these reasons. */
  answer(reasons: readonly ReasonCode[]): Pick<Verdict, 'disposition' | 'reasons'> {
    return { disposition: dispositionFor(reasons, this.#policy), reasons };
  }

  /** Notes a genuine mark; what it repeats are reasons against it. */
  see(piece: SightedPiece): readonly ReasonCode[] {
    return this.#sightings.observe(this.#setNumber(piece.license, piece.psd), piece.pieceCount, {
      content: piece.content,
      mailpiece: piece.mailpiece,
      plant: this.#plantNumber(piece.plant),
      pass: piece.pass,
    });
  }

  /** Pieces of a register set that were seen before all that is shown: see Sightings. */
  noteSeen(license: number, psd: string, page: bigint, counts: bigint): void {
    this.#sightings.noteSeen(this.#setNumber(license, psd), page, counts);
  }

  #reasons(outcome: ReadingOutcome, pieceOf: () => SightedPiece | null): readonly ReasonCode[] {
    // A bad signature must not enter the sightings: anyone could burn the counters of somebody else's PSD.
    const piece = isGenuine(outcome) ? pieceOf() : null;
    if (piece === null) return outcome === 'valid' ? NOTHING : [outcome];
    const repetitions = this.see(piece);
    return outcome === 'valid' ? repetitions : [outcome, ...repetitions];
  }

  #outcomeAt(readings: ReadingColumns, row: number): ReadingOutcome {
    const outcome = this.texts.textAt(readings.outcome, row);
    if (outcome === 'valid' || isReasonCode(outcome)) return outcome;
    throw new TypeError(`no outcome of a reading: ${outcome}`);
  }

  #pieceAt(readings: ReadingColumns, row: number): SightedPiece | null {
    if (!isValid(readings.license.valid, row)) return null;
    const pass = isValid(readings.pass.valid, row) ? this.texts.textAt(readings.pass, row) : null;
    return {
      license: numberAt(readings.license, row),
      psd: this.texts.textAt(readings.psd, row),
      pieceCount: bigintAt(readings.pieceCount, row),
      content: bigintAt(readings.contentDigest, row),
      mailpiece: mailpieceDigest(bytesOrNullAt(readings.mailpieceId, row)),
      plant: isValid(readings.plant.valid, row) ? this.texts.textAt(readings.plant, row) : null,
      pass: SORTING_PASSES.find((known) => known === pass) ?? null,
    };
  }

  #setNumber(license: number, psd: string): number {
    let byPsd = this.#sets.get(license);
    if (byPsd === undefined) {
      byPsd = new Map();
      this.#sets.set(license, byPsd);
    }
    let number = byPsd.get(psd);
    if (number === undefined) {
      number = this.#sightings.addSet();
      byPsd.set(psd, number);
    }
    return number;
  }

  #plantNumber(plant: string | null): number {
    if (plant === null) return 0;
    const known = this.#plants.get(plant);
    if (known !== undefined) return known;
    if (this.#plants.size >= PLANTS_MAX) return 0;
    const number = this.#plants.size + 1;
    this.#plants.set(plant, number);
    return number;
  }
}

const NOTHING: readonly ReasonCode[] = [];

/** What stands for a mailpiece id in the sightings; 0 where there is none. */
export function mailpieceDigest(mailpieceId: string | Uint8Array | null): bigint {
  return mailpieceId === null ? 0n : digest64(mailpieceId);
}
