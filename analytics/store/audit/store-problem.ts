import type { StateProblem } from './integrity.ts';

/** What is wrong with a store. */
export interface StoreProblem {
  readonly problem:
    | StateProblem
    | 'row-changed'
    | 'row-missing'
    | 'row-added'
    | 'batch-changed'
    | 'schema-changed'
    | 'view-changed'
    | 'version-lowered'
    | 'upgrade-unconfirmed'
    | 'head-differs';
  /** Number of the row, or of the first row of the batch; null where it is about something else. */
  readonly row: bigint | null;
  readonly scanId: string | null;
  /** The table, view or macro that it is about; null where it is about the whole store. */
  readonly name: string | null;
  readonly detail: string;
}

export function problemOf(
  problem: StoreProblem['problem'],
  detail: string,
  row: bigint | null = null,
  scanId: string | null = null,
  name: string | null = row === null ? null : 'evidence',
): StoreProblem {
  return { problem, row, scanId, name, detail };
}
