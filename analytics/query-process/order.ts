import type { QueryFormat } from '../output/query-output.ts';
import type { QueriedFiles } from '../store/queries/queried-store.ts';

/** What a statement may take. */
export interface QueryLimits {
  readonly deadlineMs: number;
  readonly memoryMib: number;
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** What a query process is asked: one line of JSON on its standard input, which stays open as long as somebody waits. */
export interface QueryOrder {
  readonly files: QueriedFiles;
  readonly sql: string;
  readonly format: QueryFormat;
  /** Null where the statement is the user's own and is only to be ended in time. */
  readonly limits: QueryLimits | null;
}
