import type { MarkDamage } from '../print/printer.ts';
import type { PlannedPass } from './passes.ts';
import type { Town } from './towns.ts';

/** One physical mailpiece with the mark that is on it. */
export interface Piece {
  readonly mailpieceId: string;
  readonly payload: Buffer;
  readonly psd: string;
  readonly license: number;
  readonly holder: string;
  readonly pieceCount: bigint;
  /** Town whose name the mark carries. */
  readonly town: Town;
  /** Town where it is dropped into the mail: another one for a copy mailed far away. */
  readonly mailedIn: Town;
  readonly postageMills: bigint;
  readonly weightGrams: number;
  readonly printedAtMs: number;
  readonly addressee: readonly string[];
  /** Delivery point as sorters read it. */
  readonly destination: string;
  readonly destinationTown: Town;
  damage: MarkDamage;
  /** Where it was handed in at a counter and scanned at once; other mail waits for the evening. */
  readonly handedInAtMs?: number;
  /** Every pass under a camera, where they are not left to the evening's sorting. */
  passes?: readonly PlannedPass[];
}

/** Honest events of the day that are not the scanner's or the carrier's. */
export type OddDay = 'moved-set' | 'renewed-key' | 'replaced-psd' | 'shared-license' | 'spoiled';
