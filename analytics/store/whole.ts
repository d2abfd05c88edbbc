import type { DuckDBConnection } from '@duckdb/node-api';
import { type Anchored, readAnchor } from './anchor.ts';
import { type ChainEnd, chainEnd, headAfter } from './chain-table.ts';
import { StoreError } from './instance.ts';

/** What the anchor beside a store says against it. */
export type AnchorProblem = 'anchor-missing' | 'rows-missing' | 'history-differs';

/**
 * The end of the store's chain, which the anchor beside the store confirms. The store may be ahead of its anchor by what
 * was committed when it was killed; it is never behind.
 *
 * @throws StoreError when the store lacks rows that were acknowledged, or has another history.
 */
export async function wholeEnd(path: string, connection: DuckDBConnection): Promise<ChainEnd> {
  const end = await chainEnd(connection);
  const anchored = readAnchor(path);
  const problem = await anchorProblem(connection, end, anchored);
  if (problem === null) return end;
  throw new StoreError(
    `${path}: ${sentence(problem, end, anchored)}; 'indicia doctor --db ${path}' says what to do`,
    'not-whole',
  );
}

export async function anchorProblem(
  connection: DuckDBConnection,
  end: ChainEnd,
  anchored: Anchored | null,
): Promise<AnchorProblem | null> {
  if (anchored === null) return end.rows === 0n ? null : 'anchor-missing';
  if (anchored.rows > end.rows) return 'rows-missing';
  const head = await headAfter(connection, anchored.rows);
  return head !== null && Buffer.compare(head, anchored.head) === 0 ? null : 'history-differs';
}

export function sentence(problem: AnchorProblem, end: ChainEnd, anchored: Anchored | null): string {
  const acknowledged = anchored?.rows ?? 0n;
  if (problem === 'anchor-missing')
    return 'the file .anchor beside the store, which says how far it had come, is missing';
  if (problem === 'rows-missing') {
    return `${acknowledged - end.rows} of ${acknowledged} rows that were acknowledged are missing: its write-ahead log was cut off or lost, or an older copy took its place`;
  }
  return `its rows up to ${acknowledged} are not those that were acknowledged: another store took its place, or its past was rewritten`;
}
