import type { ScanSource } from '../../scans/index.ts';
import type { Access } from '../access/access.ts';
import type { ConnectionLimits } from '../connections.ts';
import type { LiveStore } from '../evidence/evidence-routes.ts';
import type { LakeBehind } from '../lake-metrics.ts';
import type { TlsFiles } from '../listener.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { AnswerPolicy } from './answers.ts';
import type { VerdictDispatcher } from './verdict-dispatcher.ts';

/** Who may come in, how, and how many. */
export interface EntryOptions {
  /** Null where everybody may do everything. */
  readonly access: Access | null;
  readonly tls: TlsFiles | null;
  /** Names under which it is asked, beside addresses and the names of the loopback interface. */
  readonly hostNames?: readonly string[] | undefined;
  readonly limits?: ConnectionLimits | undefined;
}

/** What the sorter's API needs of the service around it. */
export interface ServerPorts extends EntryOptions {
  readonly dispatcher: VerdictDispatcher;
  readonly metrics: Metrics;
  readonly policy: AnswerPolicy;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly trust: () => { readonly version: number; readonly expiresAtMs: number };
  /** How far the lake is behind; null where none is written. */
  readonly lake: () => LakeBehind | null;
  /** Null as long as the store is not open. */
  readonly liveStore: () => LiveStore | null;
  /** Views that it gives out. */
  readonly views: readonly string[];
  /** Runs a source through a pipeline, until it has no more to give. */
  readonly run: (source: ScanSource) => Promise<void>;
  /** Names this start of the server in the ids of its requests. */
  readonly startId: string;
}
