import type { StorePorts } from '../../analytics/recorder/index.ts';
import type { StageCounters } from '../../ingest/kafka/index.ts';
import type { ConnectionLimits } from '../../server/index.ts';
import type { Faults } from '../reader.ts';
import type { StageTally } from './stage-tally.ts';

export const STAGES = ['read', 'judge'] as const;
type StageName = (typeof STAGES)[number];

export interface StageOptions {
  readonly stage: StageName;
  /** Before the names of topics and groups. */
  readonly prefix: string;
  readonly registry: string;
  readonly db?: string | undefined;
  /** Folder of the lake that a judge writes beside its stores. */
  readonly lake?: string | undefined;
  readonly policy?: string | undefined;
  readonly workers?: number | undefined;
  /** Seconds between two runs of the detectors while scans come. */
  readonly detectEvery: number;
  readonly sessionSeconds: number;
  readonly untilDrained: boolean;
  /** Where it tells how it is; null for nowhere. */
  readonly api: StageApiOptions | null;
}

export interface StageApiOptions {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
  /** File of tokens; not given, only this machine may ask. */
  readonly tokens: string | undefined;
  readonly hostNames: readonly string[] | undefined;
  readonly limits: ConnectionLimits;
}

/** What a member of a stage says, and when it stops. */
export interface StagePorts {
  readonly nowMs: () => number;
  /** When scans are received. */
  readonly receivedAtMs: () => number;
  readonly store: StorePorts;
  /** A sentence that a person must know. */
  readonly onNotice: (sentence: string) => void;
  /** Scans at which the program failed. */
  readonly onFaults: (faults: Faults) => void;
  readonly onApi: (url: string) => Promise<void>;
  /** Every second, and when it ends. */
  readonly onProgress: (tally: StageTally, counters: StageCounters) => Promise<void>;
  /** Ends it in order. */
  readonly stopped: AbortSignal;
}
