import type { ReasonCode, SortingPass } from '../indicium/index.ts';

/** What is remembered of one sighting of a genuine mark, small enough for hundreds of millions of them. */
export interface Sighting {
  /** Digest of the signed contents. */
  readonly content: bigint;
  /** Digest of the mailpiece id; 0 where the plant gave none. */
  readonly mailpiece: bigint;
  /** Number of the plant in the index's list of names; 0 when unknown. */
  readonly plant: number;
  readonly pass: SortingPass | null;
}

/** What a repeated piece count proves or hints at. */
export type Repetition = Extract<ReasonCode, 'fork' | 'copy' | 'possible-copy'>;

/**
 * How a sighting relates to an earlier one of the same piece count of the same register set; null for a re-scan.
 *
 * Other contents are a fork. The same contents on another mailpiece are a copy. Where a mailpiece id is missing, only
 * what one piece cannot do is held against it: it cannot enter the mail at two plants. What is left is a re-scan when
 * the sorting pass differs, and open when it does not. The SQL detectors state the same rule on their own; a test
 * holds the two together.
 */
export function relate(earlier: Sighting, later: Sighting): Repetition | null {
  if (earlier.content !== later.content) return 'fork';
  if (earlier.mailpiece !== 0n && later.mailpiece !== 0n) {
    return earlier.mailpiece === later.mailpiece ? null : 'copy';
  }
  const bothEntered = earlier.pass === 'origin' && later.pass === 'origin';
  if (bothEntered && earlier.plant !== 0 && later.plant !== 0 && earlier.plant !== later.plant) return 'copy';
  const movedOn = earlier.pass !== null && later.pass !== null && earlier.pass !== later.pass;
  return movedOn ? null : 'possible-copy';
}
