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
  /** Scans of its register set that are not part of a fraud, by clocks that are not behind their marks. */
  readonly othersOfSet: number;
  /** Those of them by which a piece entered the mail. */
  readonly entriesOfSet: number;
  readonly pass: string | null;
  readonly destination: string | null;
  readonly weightGrams: number | null;
}

/** Plants whose clock or scale is wrong: what they say of time or weight proves nothing. */
export interface OddPlants {
  readonly slowClock: string | null;
  readonly otherScale: string | null;
}

const AREA_CHARACTERS = 5;
/** The address, a misreading of it, and one to forward or return the piece to. */
const AREAS_OF_ONE_PIECE = 3;
/** A machine that is fed again is fed the same night, or the next one. */
const REENTRY_MS = 36 * 3_600_000;
/** Frauds whose proof is in when and where pieces were seen, or in what they weigh. */
const PROVED_BY_TIME: ReadonlySet<FraudName> = new Set(['two-places', 'recirculated', 'cloned-tag', 'stale-date']);
/** Frauds that an honest mark of the same register set proves. */
const PROVED_BY_OTHERS: ReadonlySet<FraudName> = new Set(['faster-than-printer', 'omitted-descending']);
const PROVED_BY_WEIGHT: ReadonlySet<FraudName> = new Set(['short-postage', 'cloned-tag']);

/** Why a fraud may leave no proof, for the table. */
export const WHY_NOT: Partial<Record<FraudName, string>> = {
  copy: 'both mailpieces must be seen, and known by their ids: at one plant a copy without an id looks like a re-scan',
  'copy-far': 'both mailpieces must be seen',
  fork: 'one counter must be seen with both contents',
  rollback: 'a mark from before must be seen whose counter the ones from after have not passed',
  'two-places': 'a mark must be seen that entered the mail at home, by a clock that is right',
  'faster-than-printer': 'a mark from before must be seen as well',
  'cloned-tag':
    'two letters must be seen with their id on one right scale, with two weights and addresses; or four addresses',
  recirculated:
    'it must be seen entering the mail, arriving elsewhere and entering again, with its id and by clocks that are right',
  'placeholder-id': 'copies must be seen at two plants: at one, without ids, they look like re-scans',
  'omitted-descending': 'a mark from before must be seen, which shows that its user pays in advance',
  'standing-register': 'two of the marks must be seen',
  'backdated-scan': 'nothing proves it: a person must look',
};

/** Whether what is left proves this fraud to an observer: stated by the truth of the simulator, not by detectors. */
export function isProvable(fraud: FraudName, seen: readonly SeenScan[], plants: OddPlants): boolean {
  const left = seen.filter(({ plant }) => {
    const isClockWrong = PROVED_BY_TIME.has(fraud) && plant !== null && plant === plants.slowClock;
    const isScaleWrong = PROVED_BY_WEIGHT.has(fraud) && plant !== null && plant === plants.otherScale;
    return !isClockWrong && !isScaleWrong;
  });
  if (left.length === 0) return false;
  if (fraud === 'cloned-tag') return isProvableTag(seen, left);
  if (fraud === 'recirculated') return isProvableReturn(left);
  if (fraud === 'placeholder-id') return new Set(left.map(({ plant }) => plant)).size > 1;
  if (fraud === 'standing-register') return new Set(left.map(({ pieceCount }) => pieceCount)).size > 1;
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
  if (fraud === 'two-places') return (left[0]?.entriesOfSet ?? 0) > 0;
  if (PROVED_BY_OTHERS.has(fraud)) return (left[0]?.othersOfSet ?? 0) > 0;
  return true;
}

/** Addresses need no scale; weights that differ by twice what two weighings of one piece do are of two pieces. */
function isProvableTag(seen: readonly SeenScan[], rightlyWeighed: readonly SeenScan[]): boolean {
  const areaOf = ({ destination }: SeenScan) => destination?.slice(0, AREA_CHARACTERS) ?? null;
  const named = (scans: readonly SeenScan[]) =>
    scans.filter((scan) => scan.mailpieceId !== null && areaOf(scan) !== null);
  if (new Set(named(seen).map(areaOf)).size > AREAS_OF_ONE_PIECE) return true;
  const weighed = named(rightlyWeighed);
  return weighed.some((one) => {
    return weighed.some((other) => {
      const [less, more] = [one.weightGrams ?? 0, other.weightGrams ?? 0];
      const isOtherPiece = less > 0 && more - less > Math.max(10, 0.2 * more);
      return isOtherPiece && one.plant === other.plant && areaOf(one) !== areaOf(other);
    });
  });
}

function isProvableCopy(left: readonly SeenScan[]): boolean {
  const named = new Set(left.flatMap(({ mailpieceId }) => mailpieceId ?? []));
  const hasNameless = left.some(({ mailpieceId }) => mailpieceId === null);
  return named.size > 1 || (hasNameless && new Set(left.map(({ plant }) => plant)).size > 1);
}

/** What is returned enters where it had arrived; where it first entered, it must have come back by other means than the mail. */
function isProvableReturn(left: readonly SeenScan[]): boolean {
  const named = left.filter(({ mailpieceId }) => mailpieceId !== null);
  const entries = named.filter(({ pass }) => pass === 'origin');
  const arrivals = named.filter(({ pass }) => pass === 'destination');
  return entries.some((first) => {
    return entries.some((again) => {
      if (again.plant !== first.plant || again.scannedAtMs - first.scannedAtMs <= REENTRY_MS) return false;
      return arrivals.some(({ plant, scannedAtMs }) => {
        return plant !== first.plant && first.scannedAtMs < scannedAtMs && scannedAtMs < again.scannedAtMs;
      });
    });
  });
}
