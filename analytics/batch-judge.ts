import {
  asDisposition,
  bigintAt,
  type Disposition,
  type ReadingColumns,
  type ReasonCode,
  rowsOf,
  selectReadings,
  selectText,
  type TextCache,
  textAt,
  type Verdict,
  type VerdictColumns,
} from '../indicium/index.ts';
import { VerdictColumnsBuilder } from './evidence.ts';
import type { Judge } from './judge.ts';
import type { Suspects } from './known-scans.ts';
import type { RecordedScan } from './store/store.ts';

/** What became of a batch, once it is durable. */
export interface Recorded {
  /** Scans that were new, or had a used scan id and other contents: as many rows were written. */
  readonly scans: number;
  /** Scans that were delivered before: nothing was written, and they are answered as then. */
  readonly repeated: number;
  /** Which rows of the batch they are. */
  readonly repeatedRows: readonly number[];
  readonly dispositions: Readonly<Record<Disposition, number>>;
  /** Rows written, by outcome of their reading. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The answer for each row of the batch. */
  readonly verdicts: VerdictColumns;
  readonly judgeMs: number;
  /** Of the transaction; 0 for all but the first of the batches in it. */
  readonly recordMs: number;
}

export interface JudgedBatch {
  /** Rows to be written. */
  readonly readings: ReadingColumns;
  readonly verdicts: VerdictColumns;
  /** Scan ids that stand for more than the one row of this batch that has them. */
  readonly several: ReadonlyMap<string, readonly RecordedScan[]>;
  readonly recorded: Omit<Recorded, 'judgeMs' | 'recordMs'>;
}

/** `suspects` may have been delivered before; null when no scan of the batch was. */
export function judgeBatch(readings: ReadingColumns, suspects: Suspects | null, judge: Judge): JudgedBatch {
  const rows = rowsOf(readings);
  const answers = new VerdictColumnsBuilder(rows);
  const answered: Answered = { dispositions: [], reasons: [] };
  const several = new Map<string, readonly RecordedScan[]>();
  const kept: number[] = [];
  const repeatedRows: number[] = [];
  const reused = new Set<number>();
  for (let row = 0; row < rows; row++) {
    const isSuspect = suspects?.rows.has(row) ?? false;
    const scanId = isSuspect ? textAt(readings.scanId, row) : '';
    const earlier = isSuspect
      ? (several.get(scanId) ?? earlierScans(readings, suspects, scanId, row, answered))
      : NOTHING;
    const repeated = earlier.length === 0 ? undefined : sameScan(earlier, bigintAt(readings.scanDigest, row));
    const answer = repeated ?? storedVerdict(earlier.length > 0 ? judge.answer(REUSED) : judge.judgeRow(readings, row));
    answers.addStored(answer.disposition, answer.reasons);
    answered.dispositions.push(answer.disposition);
    answered.reasons.push(answer.reasons);
    if (repeated === undefined) kept.push(row);
    else repeatedRows.push(row);
    if (earlier.length === 0) continue;
    several.set(scanId, earlier);
    if (repeated !== undefined) continue;
    several.set(scanId, [...earlier, { digest: bigintAt(readings.scanDigest, row), ...answer }]);
    reused.add(row);
  }
  const verdicts = answers.finish();
  const isWhole = kept.length === rows && reused.size === 0;
  const written = isWhole
    ? { readings, verdicts }
    : { readings: selectReadings(readings, kept, reused), verdicts: selectedVerdicts(verdicts, kept) };
  const recorded = {
    scans: kept.length,
    repeated: repeatedRows.length,
    repeatedRows,
    verdicts,
    ...tally(written, judge.texts),
  };
  return { ...written, several, recorded };
}

const NOTHING: readonly RecordedScan[] = [];

const REUSED: readonly ReasonCode[] = ['scan-id-reused'];

/** Answers by row: two lists of texts that exist once each, instead of an object a row. */
interface Answered {
  readonly dispositions: string[];
  readonly reasons: string[];
}

function earlierScans(
  readings: ReadingColumns,
  suspects: Suspects | null,
  scanId: string,
  row: number,
  { dispositions, reasons }: Answered,
): readonly RecordedScan[] {
  const known = suspects?.known.get(scanId);
  if (known !== undefined) return known;
  const first = suspects?.index.firstRow(readings.scanId, row) ?? row;
  if (first >= row) return NOTHING;
  const digest = bigintAt(readings.scanDigest, first);
  return [{ digest, disposition: dispositions[first] ?? '', reasons: reasons[first] ?? '' }];
}

function sameScan(earlier: readonly RecordedScan[], digest: bigint): RecordedScan | undefined {
  return earlier.find((scan) => scan.digest === digest);
}

function storedVerdict({ disposition, reasons }: Pick<Verdict, 'disposition' | 'reasons'>) {
  return { disposition, reasons: reasons.length === 0 ? '' : reasons.join(',') };
}

function selectedVerdicts({ dispositions, reasons }: VerdictColumns, rows: readonly number[]): VerdictColumns {
  return { dispositions: selectText(dispositions, rows), reasons: selectText(reasons, rows) };
}

function tally({ readings, verdicts }: Pick<JudgedBatch, 'readings' | 'verdicts'>, texts: TextCache) {
  const dispositions: Record<Disposition, number> = { accept: 0, divert: 0, manual: 0 };
  const outcomes = new Map<string, number>();
  for (let row = 0; row < rowsOf(readings); row++) {
    dispositions[asDisposition(texts.textAt(verdicts.dispositions, row))] += 1;
    const outcome = texts.textAt(readings.outcome, row);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return { dispositions, outcomes };
}
