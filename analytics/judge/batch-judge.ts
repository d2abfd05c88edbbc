import {
  asDisposition,
  bigintAt,
  type Disposition,
  missing,
  type ReadingColumns,
  type ReasonCode,
  rowsOf,
  selectReadings,
  selectText,
  type TextCache,
  type Verdict,
  type VerdictColumns,
} from '../../indicium/index.ts';
import type { Suspects } from '../recorder/known-scans.ts';
import { namedScanAt, scanKeyOf } from '../recorder/scan-key.ts';
import { type StoredAnswer, UsedKey } from '../recorder/used-key.ts';
import { VerdictColumnsBuilder } from '../recorder/verdict-columns-builder.ts';
import type { Judge } from './judge.ts';

/** What became of a batch, once it is durable. */
export interface Recorded {
  /** Scans that were new: as many rows were written. */
  readonly scans: number;
  /** Those of them whose plant had used their scan id for other contents. */
  readonly reused: number;
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
  /** Keys that stand for more than the one row of this batch that has them. */
  readonly used: ReadonlyMap<string, UsedKey>;
  readonly recorded: Omit<Recorded, 'judgeMs' | 'recordMs'>;
}

/**
 * `suspects` may have been delivered before; null when no scan of the batch was. A scan whose id its plant used for other
 * contents is a piece like any other: its id says something about a machine's counter, and nothing about the mark.
 */
export function judgeBatch(readings: ReadingColumns, suspects: Suspects | null, judge: Judge): JudgedBatch {
  const rows = rowsOf(readings);
  const answers = new VerdictColumnsBuilder(rows);
  const answered: Answered = { dispositions: [], reasons: [] };
  const used = new Map<string, UsedKey>();
  const kept: number[] = [];
  const repeatedRows: number[] = [];
  let reused = 0;
  for (let row = 0; row < rows; row++) {
    const isSuspect = suspects?.rows.has(row) ?? false;
    const earlier = isSuspect && suspects !== null ? earlierScans(readings, suspects, row, used, answered) : undefined;
    const digest = earlier === undefined ? 0n : bigintAt(readings.scanDigest, row);
    const repeated = earlier?.answerTo(digest);
    const answer = repeated ?? newAnswer(readings, row, earlier !== undefined, judge);
    answers.addStored(answer.disposition, answer.reasons);
    answered.dispositions.push(answer.disposition);
    answered.reasons.push(answer.reasons);
    if (repeated !== undefined) repeatedRows.push(row);
    else {
      kept.push(row);
      earlier?.add(digest, answer);
      if (earlier !== undefined) reused += 1;
    }
  }
  const verdicts = answers.finish();
  const isWhole = kept.length === rows;
  const written = isWhole
    ? { readings, verdicts }
    : { readings: selectReadings(readings, kept), verdicts: selectedVerdicts(verdicts, kept) };
  const recorded = {
    scans: kept.length,
    reused,
    repeated: repeatedRows.length,
    repeatedRows,
    verdicts,
    ...tally(written, judge.texts),
  };
  return { ...written, used, recorded };
}

/** Answers by row: two lists of texts that exist once each, instead of an object a row. */
interface Answered {
  readonly dispositions: string[];
  readonly reasons: string[];
}

/** What came before under the key of a row, in this batch or earlier; undefined where nothing did. */
function earlierScans(
  readings: ReadingColumns,
  { known, index }: Suspects,
  row: number,
  used: Map<string, UsedKey>,
  { dispositions, reasons }: Answered,
): UsedKey | undefined {
  const key = scanKeyOf(namedScanAt(readings, row));
  let earlier = used.get(key) ?? known.get(key);
  const first = earlier === undefined ? index.firstRow(readings, row) : row;
  if (first < row) {
    const answer = {
      disposition: dispositions[first] ?? missing('dispositions'),
      reasons: reasons[first] ?? missing('reasons'),
    };
    earlier = UsedKey.ofFirst(bigintAt(readings.scanDigest, first), answer);
  }
  if (earlier !== undefined) used.set(key, earlier);
  return earlier;
}

const REUSED: ReasonCode = 'scan-id-reused';

function newAnswer(readings: ReadingColumns, row: number, isReused: boolean, judge: Judge): StoredAnswer {
  const judged = judge.judgeRow(readings, row);
  return storedVerdict(isReused ? judge.answer([...judged.reasons, REUSED]) : judged);
}

function storedVerdict({ disposition, reasons }: Pick<Verdict, 'disposition' | 'reasons'>): StoredAnswer {
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
