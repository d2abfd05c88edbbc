import type { FraudName } from '../psd-sim/index.ts';

/** What is left to see of one scan of a fraud. */
export interface SeenScan {
  readonly scanId: string;
  readonly row: number;
  readonly pieceCount: bigint;
  readonly contents: string;
  readonly mailpieceId: string | null;
  readonly plant: string | null;
  readonly printedAtMs: number;
  readonly scannedAtMs: number;
  /** Scans of its register set that are no part of a fraud, by clocks that are not behind their marks. */
  readonly othersOfSet: number;
}

/** Why a fraud may leave no proof, for the table. */
export const WHY_NOT: Partial<Record<FraudName, string>> = {
  copy: 'both mailpieces must be seen, and known by their ids: at one plant a copy without an id looks like a re-scan',
  'copy-far': 'both mailpieces must be seen',
  fork: 'one counter must be seen with both contents',
  rollback: 'a mark from before must be seen whose counter the ones from after have not passed',
  'two-places': 'a mark from home must be seen as well, by a clock that is right',
  'faster-than-printer': 'a mark from before must be seen as well',
};

/** Whether what is left proves this fraud to whoever looks at it: stated by the truth of the simulator, not by detectors. */
export function isProvable(fraud: FraudName, left: readonly SeenScan[]): boolean {
  if (left.length === 0) return false;
  if (fraud === 'copy' || fraud === 'copy-far') return isProvableCopy(left);
  if (fraud === 'fork') {
    const contentsOf = Map.groupBy(left, ({ pieceCount }) => pieceCount);
    return [...contentsOf.values()].some((scans) => new Set(scans.map(({ contents }) => contents)).size > 1);
  }
  if (fraud === 'rollback') {
    return left.some((later) => {
      return left.some((earlier) => earlier.printedAtMs < later.printedAtMs && earlier.pieceCount >= later.pieceCount);
    });
  }
  if (fraud === 'two-places' || fraud === 'faster-than-printer') return (left[0]?.othersOfSet ?? 0) > 0;
  return true;
}

function isProvableCopy(left: readonly SeenScan[]): boolean {
  const named = new Set(left.flatMap(({ mailpieceId }) => mailpieceId ?? []));
  const hasNameless = left.some(({ mailpieceId }) => mailpieceId === null);
  return named.size > 1 || (hasNameless && new Set(left.map(({ plant }) => plant)).size > 1);
}
