import { SOFT_DECISIONS_MAX } from '../limits.ts';
import { assemble, isBelieved } from './assemble.ts';
import type { Grid } from './grid.ts';
import { modulePx } from './pose.ts';
import { type SoftDecision, softDecisionOf } from './soft-decisions.ts';
import type { SymbolMap } from './symbol-map.ts';

export interface MatrixReading {
  readonly bytes: Uint8Array;
  readonly size: number;
  /** About the pixels that it covers. */
  readonly areaPx: number;
  /** Data codewords as corrected. */
  readonly codewords: Uint8Array;
  /** Which way of reading it was. */
  readonly step: string;
}

/** What to look for beside readings that prove themselves. */
export interface CandidateOptions {
  /** Whether bytes may be what is looked for at all, apart from its signature. */
  readonly isPossible: (bytes: Uint8Array) => boolean;
  /** Data codewords that marks read before had, for symbols of a size; -1 where they differ. */
  readonly knownCodewords: (map: SymbolMap) => readonly Int16Array[];
  readonly candidatesMax: number;
}

/** The bound and the outcome of a search for one symbol: how often error correction was tried, and what it gave. */
export class MatrixSearch {
  readonly #triesMax: number;
  readonly #options: CandidateOptions | null;
  readonly #candidates = new Map<string, Uint8Array>();
  /** Of the likeliest grids; to be taken together with those of other pictures. */
  readonly softDecisions: SoftDecision[] = [];
  tries = 0;

  constructor(triesMax: number, options: CandidateOptions | null = null) {
    this.#triesMax = triesMax;
    this.#options = options;
  }

  get isSpent(): boolean {
    return this.tries >= this.#triesMax;
  }

  get collects(): boolean {
    return this.#options !== null && this.#candidates.size < this.#options.candidatesMax;
  }

  /** Readings that only a signature can confirm. */
  get candidates(): Uint8Array[] {
    return [...this.#candidates.values()];
  }

  knownCodewords(map: SymbolMap): readonly Int16Array[] {
    return this.#options?.knownCodewords(map) ?? [];
  }

  /** Keeps what a picture says of the modules, if somebody checks what may come of it. */
  keepSoftDecision(grid: Grid, bits: Uint8Array, unreliability: Float32Array): void {
    if (this.#options === null || this.softDecisions.length >= SOFT_DECISIONS_MAX) return;
    this.softDecisions.push(softDecisionOf(grid, bits, unreliability));
  }

  /** A reading that is right beyond doubt, or null; one in doubt is kept as a candidate. */
  offer({ map, pose }: Grid, codewords: Uint8Array, erased: Uint8Array | null, step: string): MatrixReading | null {
    if (this.isSpent) return null;
    this.tries += 1;
    const assembled = assemble(map, codewords, erased);
    if (assembled === null) return null;
    if (isBelieved(assembled)) {
      const areaPx = (map.size * modulePx(pose)) ** 2;
      const data = assembled.codewords.subarray(0, map.dataCodewords);
      return { bytes: assembled.bytes, size: map.size, areaPx, codewords: data, step };
    }
    this.#keep(assembled.bytes);
    return null;
  }

  /** With codewords filled in from elsewhere nothing is beyond doubt. */
  offerFilled({ map }: Grid, codewords: Uint8Array, erased: Uint8Array): void {
    if (this.isSpent) return;
    this.tries += 1;
    const assembled = assemble(map, codewords, erased);
    if (assembled !== null) this.#keep(assembled.bytes);
  }

  #keep(bytes: Uint8Array): void {
    if (!this.collects || this.#options?.isPossible(bytes) !== true) return;
    this.#candidates.set(Buffer.from(bytes).toString('latin1'), bytes);
  }
}
