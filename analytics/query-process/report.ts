import { REFUSAL_CODES } from '../store/untrusted/refusal.ts';

/** Where a query process says what is not its answer. */
export const REPORTS_FD = 3;

/** Why there is no whole answer: the statement was refused, DuckDB refused it, or its process was ended. A closed set. */
const QUERY_FAILURE_CODES = [
  ...REFUSAL_CODES,
  'query',
  'memory',
  'deadline',
  'processor-time',
  'crashed',
  'stopped',
] as const;
export type QueryFailureCode = (typeof QUERY_FAILURE_CODES)[number];

/** Rows that were written, and rows that there are as far as they were seen. */
export interface RowCounts {
  readonly rows: number;
  readonly rowsSeen: number;
}

/** How a statement ended. Rows are those that were written, also where it failed on the way. */
export type QueryOutcome =
  | ({ readonly kind: 'answered' } & RowCounts)
  | ({ readonly kind: 'failed'; readonly code: QueryFailureCode; readonly message: string } & RowCounts);

/** What a query process says beside its answer, a line of JSON each. */
export type QueryReport =
  | { readonly kind: 'opened' }
  | ({ readonly kind: 'progress' } & RowCounts)
  | ({ readonly kind: 'answered' } & RowCounts)
  | { readonly kind: 'failed'; readonly code: QueryFailureCode; readonly message: string };

/** Of a line; null for one that is not a report: hostile bytes may have taken the process over. */
export function reportOf(line: string): QueryReport | null {
  const said = parsed(line);
  if (typeof said !== 'object' || said === null || !('kind' in said)) return null;
  if (said.kind === 'opened') return { kind: 'opened' };
  if (said.kind === 'failed') {
    const code = 'code' in said ? QUERY_FAILURE_CODES.find((known) => known === said.code) : undefined;
    return code !== undefined && 'message' in said && typeof said.message === 'string'
      ? { kind: 'failed', code, message: said.message }
      : null;
  }
  if (said.kind !== 'progress' && said.kind !== 'answered') return null;
  return 'rows' in said && isCount(said.rows) && 'rowsSeen' in said && isCount(said.rowsSeen)
    ? { kind: said.kind, rows: said.rows, rowsSeen: said.rowsSeen }
    : null;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
