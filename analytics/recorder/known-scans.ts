import { bigintAt, type ReadingColumns, rowsOf, textAt, type VerdictColumns } from '../../indicium/index.ts';
import { RECENT_SCANS_MAX } from '../limits.ts';
import type { BlockReader, BlockWriter } from '../snapshot/blocks.ts';
import type { Store } from '../store/store.ts';
import { ScanFilter } from './scan-filter.ts';
import { ScanIndex } from './scan-index.ts';
import { type KeyColumns, type NamedScan, namedScanAt, scanKeyOf } from './scan-key.ts';
import { UsedKey } from './used-key.ts';

/** The rows of a batch that may have been delivered before, with what is known under their keys. */
export interface Suspects {
  readonly rows: ReadonlySet<number>;
  /** By the key as text; a key that is not in it was not used before this batch. */
  readonly known: ReadonlyMap<string, UsedKey>;
  readonly index: ScanIndex;
}

/**
 * Tells scans that were delivered before from new ones, by key and contents. A filter tells most at once; what came
 * lately is compared with what is at hand; only what may be older is looked up in the store.
 */
export class KnownScans {
  readonly #filter = new ScanFilter();
  /** The newest first, since it knows all that those before it know of a key. */
  readonly #recent: RecentBatch[] = [];
  #recentRows = 0;

  /** Notes keys that the store holds. */
  noteAll(keys: KeyColumns, rows: number): void {
    for (let row = 0; row < rows; row++) this.#filter.note(keys, row);
  }

  /** Null when every scan of the batch is new. */
  async lookUp(readings: ReadingColumns, store: Pick<Store, 'recordedAnswers' | 'usedKeys'>): Promise<Suspects | null> {
    const rows = new Set<number>();
    for (let row = 0; row < rowsOf(readings); row++) if (this.#filter.note(readings, row)) rows.add(row);
    if (rows.size === 0) return null;
    const index = new ScanIndex(readings, rowsOf(readings));
    const known = new Map<string, UsedKey>();
    const older = new Map<string, NamedScan[]>();
    for (const row of rows) {
      const named = namedScanAt(readings, row);
      const key = scanKeyOf(named);
      const used = known.get(key) ?? this.#underRecent(readings, row, key);
      if (used !== null) known.set(key, used);
      // A key whose first row here is surely new was not used before this batch.
      const isSurelyNew = used === null && !rows.has(index.firstRow(readings, row));
      if (isSurelyNew || (used !== null && (used.isComplete || used.answerTo(named.digest) !== undefined))) continue;
      const asked = older.get(key);
      if (asked === undefined) older.set(key, [named]);
      else asked.push(named);
    }
    if (older.size > 0) await lookUpOlder(older, known, store);
    return { rows, known, index };
  }

  /** Keeps a batch at hand that was judged; `used` are the keys under which more than its own rows are known. */
  remember(readings: ReadingColumns, verdicts: VerdictColumns, used: ReadonlyMap<string, UsedKey>): void {
    const batch = new RecentBatch(readings, verdicts, used);
    this.#recent.unshift(batch);
    this.#recentRows += batch.weight;
    while (this.#recentRows > RECENT_SCANS_MAX && this.#recent.length > 1)
      this.#recentRows -= this.#recent.pop()?.weight ?? 0;
  }

  /** Which keys are known; what was answered under them is in the store. */
  save(to: BlockWriter): void {
    this.#filter.save(to);
  }

  load(from: BlockReader): void {
    this.#filter.load(from);
  }

  #underRecent(keys: KeyColumns, row: number, key: string): UsedKey | null {
    for (const batch of this.#recent) {
      const used = batch.under(keys, row, key);
      if (used !== null) return used;
    }
    return null;
  }
}

/**
 * Two questions, so that the answer never has more rows than were asked for: one key may stand for a million scans of a
 * sender who never counts on.
 */
async function lookUpOlder(
  older: ReadonlyMap<string, readonly NamedScan[]>,
  known: Map<string, UsedKey>,
  store: Pick<Store, 'recordedAnswers' | 'usedKeys'>,
): Promise<void> {
  const usedOf = (key: string) => {
    const used = known.get(key) ?? UsedKey.ofStore();
    known.set(key, used);
    return used;
  };
  for (const { plant, scanId, digest, ...answer } of await store.recordedAnswers([...older.values()].flat())) {
    usedOf(scanKeyOf({ plant, scanId })).add(digest, answer);
  }
  const unseen = [...older].flatMap(([key, [first]]) => (known.has(key) || first === undefined ? [] : [first]));
  if (unseen.length === 0) return;
  for (const named of await store.usedKeys(unseen)) usedOf(scanKeyOf(named));
}

class RecentBatch {
  /** What it counts against the bound: a batch of scans that all came again has no rows of its own. */
  readonly weight: number;
  readonly #readings: KeyColumns & Pick<ReadingColumns, 'scanDigest'>;
  readonly #verdicts: VerdictColumns;
  readonly #used: ReadonlyMap<string, UsedKey>;
  readonly #index: ScanIndex;

  constructor(readings: ReadingColumns, verdicts: VerdictColumns, used: ReadonlyMap<string, UsedKey>) {
    const { scanId, plant, scanDigest } = readings;
    const rows = rowsOf(readings);
    let answers = 0;
    for (const { size } of used.values()) answers += size;
    this.weight = 1 + rows + answers;
    // Not the other columns, which are many times as large.
    this.#readings = { scanId, plant, scanDigest };
    this.#verdicts = verdicts;
    this.#used = used;
    this.#index = new ScanIndex(this.#readings, rows);
  }

  under(keys: KeyColumns, row: number, key: string): UsedKey | null {
    const used = this.#used.get(key);
    if (used !== undefined) return used;
    const own = this.#index.firstRow(keys, row);
    if (own === -1) return null;
    const { dispositions, reasons } = this.#verdicts;
    const answer = { disposition: textAt(dispositions, own), reasons: textAt(reasons, own) };
    return UsedKey.ofFirst(bigintAt(this.#readings.scanDigest, own), answer);
  }
}
