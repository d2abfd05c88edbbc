import type { RegistryRecords, StoredVerdict, VerdictQuery } from '../../indicium/index.ts';
import type { FindingDelta } from '../detection/finding-delta.ts';
import type { Recorded } from '../judge/batch-judge.ts';
import type { Policy } from '../judge/default-policy.ts';
import type { TakenFrom } from '../partition/take-over.ts';
import type { LakeStatus } from '../store/lake/lake-keeper.ts';
import type { ReadingBatch } from './recorder.ts';
import type { ToldError } from './thread-errors.ts';

/** In whose name a store is written to, and what time it is as the thread begins, in milliseconds since 1970. */
export interface AuthorNow {
  readonly name: string | null;
  readonly nowMs: number | null;
}

/** What the thread that owns the store is asked to do, the opening first. */
export type Order =
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly policy: Policy;
      readonly author: AuthorNow | null;
      /** The folder of the lake that is written beside the store, if any. */
      readonly lake: string | null;
    }
  | {
      readonly kind: 'claim';
      readonly folder: string;
      readonly partition: number;
      readonly machine: string;
      readonly policy: Policy;
      readonly author: AuthorNow | null;
      readonly lake: string | null;
    }
  | { readonly kind: 'position'; readonly source: string }
  | { readonly kind: 'record'; readonly batch: ReadingBatch }
  | { readonly kind: 'registry'; readonly registry: RegistryRecords }
  /** `isAlone` where nothing is recorded meanwhile, so that it may wait for room. */
  | { readonly kind: 'detect'; readonly isAlone: boolean }
  | { readonly kind: 'verdicts'; readonly queries: readonly VerdictQuery[] }
  | { readonly kind: 'finding-delta'; readonly afterRevision: number }
  | { readonly kind: 'export'; readonly view: string; readonly path: string }
  | { readonly kind: 'close' };

/** What a claim came to. */
export interface Claimed {
  readonly epoch: bigint;
  readonly from: TakenFrom;
  readonly path: string;
}

/** Told to the thread instead of an order: nothing more is begun, nothing is waited for, and nothing is answered. */
export const GIVE_UP = 'give up';

export interface OrderFor {
  readonly id: number;
  readonly order: Order;
}

export type Answer =
  | {
      readonly kind: 'done';
      readonly id: number;
      readonly result: Recorded | readonly StoredVerdict[] | Claimed | FindingDelta | string | number | null;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ToldError };

/** What the thread says unasked. */
export type Notice =
  | { readonly kind: 'paused'; readonly reason: string }
  | { readonly kind: 'resumed' }
  /** While the store is opened. */
  | { readonly kind: 'restored'; readonly scans: number; readonly of: number }
  /** What was done to the store before it could be used. */
  | { readonly kind: 'noticed'; readonly sentence: string }
  | { readonly kind: 'lake'; readonly status: LakeStatus }
  | { readonly kind: 'fenced'; readonly message: string };
