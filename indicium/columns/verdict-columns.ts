import { isReasonCode } from '../reasons.ts';
import { DISPOSITIONS, type Disposition, type Verdict } from '../verdict.ts';
import { type TextColumn, textAt } from './column.ts';

/** Verdicts of a batch by column. */
export interface VerdictColumns {
  readonly dispositions: TextColumn;
  /** Reason codes, with commas between them; empty where there is none. */
  readonly reasons: TextColumn;
}

/** The verdict in one row. */
export function verdictAt(verdicts: VerdictColumns, row: number): Pick<Verdict, 'disposition' | 'reasons'> {
  const reasons = textAt(verdicts.reasons, row);
  return {
    disposition: asDisposition(textAt(verdicts.dispositions, row)),
    reasons: reasons === '' ? [] : reasons.split(',').filter(isReasonCode),
  };
}

export function asDisposition(text: string): Disposition {
  const found = DISPOSITIONS.find((known) => known === text);
  if (found === undefined) throw new TypeError(`no disposition: ${text}`);
  return found;
}
