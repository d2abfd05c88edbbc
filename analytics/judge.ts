import { hash } from 'node:crypto';
import {
  isGenuine,
  type Reading,
  type ReasonCode,
  type Scan,
  type SortingPass,
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
  readonly mailpieceId: string | null;
  readonly plant: string | null;
  readonly pass: SortingPass | null;
}

/** Answers for one piece after another, in the order of their source; remembers the sightings. */
export class Judge {
  readonly #sightings = new Sightings();
  readonly #sets = new Map<number, Map<string, number>>();
  readonly #plants = new Map<string, number>();
  readonly #policy: Policy;

  constructor(policy: Policy = DEFAULT_POLICY) {
    this.#policy = policy;
  }

  judge(scan: Scan, reading: Reading): Verdict {
    const reasons = this.#reasons(scan, reading);
    return { scanId: scan.scanId, disposition: dispositionFor(reasons, this.#policy), reasons };
  }

  /** Notes a genuine mark; what it repeats are reasons against it. */
  see(piece: SightedPiece): readonly ReasonCode[] {
    return this.#sightings.observe(this.#setNumber(piece.license, piece.psd), piece.pieceCount, {
      content: piece.content,
      mailpiece: piece.mailpieceId === null ? 0n : digest(piece.mailpieceId),
      plant: this.#plantNumber(piece.plant),
      pass: piece.pass,
    });
  }

  #reasons(scan: Scan, reading: Reading): readonly ReasonCode[] {
    const { indicium, outcome } = reading;
    // A bad signature must not enter the sightings: anyone could burn the counters of somebody else's PSD.
    if (indicium === null || !isGenuine(outcome)) return outcome === 'valid' ? [] : [outcome];
    const repetitions = this.see({
      license: indicium.license,
      psd: indicium.psd,
      pieceCount: indicium.pieceCount,
      content: reading.contentDigest,
      mailpieceId: scan.mailpieceId,
      plant: scan.plant,
      pass: scan.pass,
    });
    return outcome === 'valid' ? repetitions : [outcome, ...repetitions];
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

function digest(text: string): bigint {
  return hash('sha256', text, 'buffer').readBigUInt64BE(0);
}
