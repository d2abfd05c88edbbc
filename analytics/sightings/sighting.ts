import type { SortingPass } from '../../indicium/index.ts';

/** What is remembered of one sighting of a genuine mark, small enough for hundreds of millions of them. */
export interface Sighting {
  /** Digest of the signed contents. */
  readonly content: bigint;
  /** Digest of the mailpiece id in its comparable form; 0 where the plant gave none. */
  readonly mailpiece: bigint;
  /** Number of the plant in the index's list of names; 0 when unknown. */
  readonly plant: number;
  readonly pass: SortingPass | null;
  /** When it was scanned, in half hours since 1970; 0 when unknown. */
  readonly halfHour: number;
  /** 0 when unknown. */
  readonly weightGrams: number;
  /** The delivery area that the sorter read: see areaOf; 0 when unknown. */
  readonly area: number;
}

/** What a mark is signed for, as far as it tells an original from a copy. */
export interface Signed {
  /** Where it is to be delivered: see areaOf; 0 when it does not say. */
  readonly area: number;
  /** Plants that sort the mail of the town where it is to be deposited, by number; null where none is known. */
  readonly homePlants: ReadonlySet<number> | null;
}

export const NOT_SIGNED: Signed = { area: 0, homePlants: null };
