import type { Scan } from '../indicium/index.ts';
import type { ScanLines } from './scan-lines.ts';

/** Text that a source understands and that is stored with the evidence; null means from the start. */
export type SourcePosition = string | null;

/** Scans in the order of their source, with the position after the last of them. */
export interface ScanBatch {
  /** Scans, or lines that become scans where they are read. */
  readonly scans: readonly Scan[] | ScanLines;
  /** Null for sources that cannot seek: after a restart they are read again and known scans are recognized. */
  readonly position: SourcePosition;
  /** What the source holds but cannot give yet, as a sentence that names it; null when it gave all it has. */
  readonly unfinished: string | null;
  /** To be called after the batch is durable, never before. */
  acknowledge(): Promise<void>;
}

/** Where scans come from. */
export interface ScanSource {
  /** Stable over restarts: positions are stored under it. */
  readonly name: string;
  batches(from: SourcePosition): AsyncIterable<ScanBatch>;
}

/** The source does not exist or cannot be read; the message names it. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}
