import { causesOf, hasErrno } from '../../indicium/index.ts';
import { StoreError } from './store-error.ts';

/** What the system says when there is no room, or a disk does not take what it is given (errno(3)). */
const STORAGE_ERRNOS = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'];

/** DuckDB 1.5 has no codes: it says these, some of them in the words of strerror(3). */
const DUCKDB_SAYS = [
  /no space left on device/i,
  /disk quota exceeded/i,
  /input\/output error/i,
  /read-only file system/i,
  /could not (?:write|sync|truncate)/i,
  /failed to offload data block/i,
  /could not set lock on file/i,
  /database has been invalidated because of a previous fatal error/i,
];

/** Whether writing may succeed later, without anything being changed here: room is made, a disk comes back. */
export function isStorageFailure(thrown: unknown): boolean {
  return causesOf(thrown).some((error) => {
    // While a store is opened again, another process that reads it in between is soon done.
    if (error instanceof StoreError && (error.fault === 'open-elsewhere' || error.fault === 'reopening')) return true;
    return hasErrno(error, ...STORAGE_ERRNOS) || DUCKDB_SAYS.some((pattern) => pattern.test(error.message));
  });
}
