import {
  bigintAt,
  type ReadingColumns,
  rowsOf,
  type TextColumn,
  textAt,
  type VerdictColumns,
} from '../indicium/index.ts';
import { RECENT_SCANS_MAX } from './limits.ts';
import { ScanFilter } from './scan-filter.ts';
import { ScanIndex } from './scan-index.ts';
import type { RecordedScan, Store } from './store/store.ts';

/** The rows of a batch that may have been delivered before, with what is known under their scan ids. */
export interface Suspects {
  readonly rows: ReadonlySet<number>;
  readonly known: ReadonlyMap<string, readonly RecordedScan[]>;
  readonly index: ScanIndex;
}

/**
 * Tells scans that were delivered before from new ones, by scan id and contents. A filter tells most at once; what came
 * lately is compared with what is at hand; only what may be older is looked up in the store.
 */
export class KnownScans {
  readonly #filter = new ScanFilter();
  /** The newest first, since it knows all that those before it know of a scan id. */
  readonly #recent: RecentBatch[] = [];
  #recentRows = 0;

  /** Notes scan ids that the store holds. */
  noteAll(scanIds: TextColumn, rows: number): void {
    for (let row = 0; row < rows; row++) this.#filter.note(scanIds, row);
  }

  /** Null when every scan of the batch is new. */
  async lookUp(readings: ReadingColumns, store: Pick<Store, 'recordedScans'>): Promise<Suspects | null> {
    const rows = new Set<number>();
    for (let row = 0; row < rowsOf(readings); row++) {
      if (this.#filter.note(readings.scanId, row)) rows.add(row);
    }
    if (rows.size === 0) return null;
    const index = new ScanIndex(readings.scanId, rowsOf(readings));
    const known = new Map<string, readonly RecordedScan[]>();
    const older: string[] = [];
    for (const row of rows) {
      const scanId = textAt(readings.scanId, row);
      const scans = this.#underRecent(readings.scanId, row, scanId);
      if (scans !== null) known.set(scanId, scans);
      // The first of its batch came after no other in it, so the filter knew it from before.
      else if (index.firstRow(readings.scanId, row) === row) older.push(scanId);
    }
    if (older.length > 0) {
      for (const [scanId, scans] of await store.recordedScans(older)) known.set(scanId, scans);
    }
    return { rows, known, index };
  }

  /** Keeps a batch at hand that was judged; `several` are scan ids under which more than its own rows are known. */
  remember(
    readings: ReadingColumns,
    verdicts: VerdictColumns,
    several: ReadonlyMap<string, readonly RecordedScan[]>,
  ): void {
    this.#recent.unshift(new RecentBatch(readings, verdicts, several));
    this.#recentRows += this.#recent[0]?.weight ?? 0;
    while (this.#recentRows > RECENT_SCANS_MAX && this.#recent.length > 1)
      this.#recentRows -= this.#recent.pop()?.weight ?? 0;
  }

  #underRecent(scanIds: TextColumn, row: number, scanId: string): readonly RecordedScan[] | null {
    for (const batch of this.#recent) {
      const scans = batch.under(scanIds, row, scanId);
      if (scans !== null) return scans;
    }
    return null;
  }
}

class RecentBatch {
  /** What it counts against the bound: a batch of scans that all came again has no rows of its own. */
  readonly weight: number;
  readonly #digests: ReadingColumns['scanDigest'];
  readonly #verdicts: VerdictColumns;
  readonly #several: ReadonlyMap<string, readonly RecordedScan[]>;
  readonly #index: ScanIndex;

  constructor(
    { scanId, scanDigest, weightGrams }: ReadingColumns,
    verdicts: VerdictColumns,
    several: ReadonlyMap<string, readonly RecordedScan[]>,
  ) {
    const rows = weightGrams.values.length;
    this.weight = 1 + rows + several.size;
    this.#digests = scanDigest;
    this.#verdicts = verdicts;
    this.#several = several;
    this.#index = new ScanIndex(scanId, rows);
  }

  under(scanIds: TextColumn, row: number, scanId: string): readonly RecordedScan[] | null {
    const several = this.#several.get(scanId);
    if (several !== undefined) return several;
    const own = this.#index.firstRow(scanIds, row);
    return own === -1 ? null : [recordedAt(this.#digests, this.#verdicts, own)];
  }
}

function recordedAt(
  digests: ReadingColumns['scanDigest'],
  { dispositions, reasons }: VerdictColumns,
  row: number,
): RecordedScan {
  return { digest: bigintAt(digests, row), disposition: textAt(dispositions, row), reasons: textAt(reasons, row) };
}
