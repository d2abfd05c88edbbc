import { ExpectedError, type ReadingColumns, type Scan, type VerdictColumns } from '../indicium/index.ts';
import type { ScanLines } from './scan-lines.ts';

/** Text that a source understands and that is stored with the evidence; null means from the start. */
export type SourcePosition = string | null;

/** Scans in the order of their source, with the position after the last of them. */
export interface ScanBatch {
  /** Scans, or lines that become scans where they are read. */
  readonly scans: readonly Scan[] | ScanLines;
  /** Null for sources that cannot seek: after a restart they are read again and known scans are recognized. */
  readonly position: SourcePosition;
  /** What a person must know of the source: what it holds and cannot give, as sentences that name it. */
  readonly notices: readonly string[];
  /** True for a source that answers with what was read: the readings then come with the answers. */
  readonly keepsReadings?: boolean;
  /** Who sent the scans, where several share the readers of images. */
  readonly client?: string;
  /** Until its marks may be verified, where the readers are shared; to be called once, when its images are read. */
  readonly turn?: () => Promise<void>;
  /** To be called after the batch is durable, never before. */
  acknowledge(answers: BatchAnswers): Promise<void>;
}

/** What became of the scans of a batch, all of it durable. */
export interface BatchAnswers {
  /** One row for each scan, in the order of the batch; lines that are empty have none. */
  readonly verdicts: VerdictColumns;
  /** Rows of scans that were delivered before and are answered as then. */
  readonly repeatedRows: readonly number[];
  /** Where the batch keeps its readings. */
  readonly readings: ReadingColumns | null;
  /** Milliseconds until its marks were read, and from then until it was durable. */
  readonly readMs: number;
  readonly recordMs: number;
}

/** Where scans come from. */
export interface ScanSource {
  /** Stable over restarts: positions are stored under it. */
  readonly name: string;
  batches(from: SourcePosition): AsyncIterable<ScanBatch>;
}

/** The source does not exist or cannot be read; the message names it. */
export class SourceError extends ExpectedError {
  override readonly name = 'SourceError';
  override readonly failure = 'source';
}
