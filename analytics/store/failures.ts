/** What DuckDB and the system say when there is no room, or a disk does not take what it is given. */
const STORAGE_FAILURES = [
  /no space left on device/i,
  /ENOSPC/,
  /EDQUOT/,
  /disk quota exceeded/i,
  /EIO\b/,
  /could not (?:write|sync|truncate)/i,
  /failed to offload data block/i,
  /read-only file system/i,
  /could not set lock on file/i,
  // While a store is opened again, whoever looked at it in between is soon done.
  /another process has this store open/,
  /it is being opened again/,
  /database has been invalidated because of a previous fatal error/i,
];

/** Whether writing may succeed later, without anything being changed here: room is made, a disk comes back. */
export function isStorageFailure(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return STORAGE_FAILURES.some((pattern) => pattern.test(message));
}
