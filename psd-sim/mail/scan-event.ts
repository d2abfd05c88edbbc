import type { Pass, ReadOff } from './passes.ts';
import type { Piece } from './piece.ts';

/** One pass of one piece under one camera. */
export interface ScanEvent {
  readonly scanId: string;
  readonly piece: Piece;
  readonly plant: string;
  readonly machine: string;
  readonly pass: Pass;
  readonly scannedAtMs: number;
  /** When the record of the scan reaches the post's computers: the order of the stream. */
  readonly deliveredAtMs: number;
  /** What was read off the piece, where that is not what the piece says. */
  readonly readOff?: ReadOff;
}
