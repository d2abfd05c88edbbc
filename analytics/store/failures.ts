import { CommitUnknownError } from './commit-unknown.ts';

/** What DuckDB and the system say when there is no room, or a disk does not take what it is given. */
const STORAGE_FAILURES = [
  /no space left on device/i,
  /ENOSPC/,
  /EDQUOT/,
  /disk quota exceeded/i,
  /EIO\b/,
  /could not (?:write|sync|truncate)/i,
  /database has been invalidated because of a previous fatal error/i,
];

/** Whether writing may succeed later, without anything being changed here: room is made, a disk comes back. */
export function isStorageFailure(error: unknown): boolean {
  if (error instanceof CommitUnknownError) return true;
  const message = error instanceof Error ? error.message : String(error);
  return STORAGE_FAILURES.some((pattern) => pattern.test(message));
}
