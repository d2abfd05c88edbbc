/**
 * COMMIT failed, and whether it took effect is not known: DuckDB may have made it durable and failed at what it did
 * after that. The store must be opened again to see.
 */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError';
}
