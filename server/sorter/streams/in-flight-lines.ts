import type { ScanLines } from '../../../scans/index.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { AnswerPlace } from './answer-order.ts';

/** A line of a stream that has a place among the answers. */
export interface Row {
  readonly place: AnswerPlace;
  readonly arrivedAtMs: number;
  /** Of lines that do not wait forever. */
  readonly pending: PendingAnswer | null;
}

/** Lines that went into the pipeline together, until their verdicts are there. */
export interface InFlight {
  readonly lines: ScanLines;
  readonly rows: readonly Row[];
  /** Of the lines; their buffer itself goes to the thread that parses them. */
  readonly bytes: number;
  /** What they cost, in payloads. */
  readonly weight: number;
  readonly takenAtMs: number;
}
