import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { STORE_MEMORY, WAL_SIZE } from '../limits.ts';
import { anchorPath } from './audit/anchor.ts';
import { StoreError } from './store-error.ts';
import { hasParameters, spillFolder, storeFile, walPath } from './store-file.ts';

/** Opens the file for writing, whatever it holds. */
export async function openFileForWriting(path: string): Promise<DuckDBInstance> {
  refuseName(path);
  return openNewOrOld(path, { memory_limit: STORE_MEMORY, checkpoint_threshold: WAL_SIZE });
}

/** DuckDB looks first, so that a file that another process is just making, and has locked, is left alone. */
async function openNewOrOld(path: string, options: Record<string, string>): Promise<DuckDBInstance> {
  try {
    return await openInstance(path, options);
  } catch (error) {
    const isOurs = !(error instanceof StoreError && error.fault === 'open-elsewhere');
    if (!isOurs || !existsSync(path) || !wasNeverFinished(path)) throw error;
    rmSync(storeFile(path));
    return openInstance(path, options);
  }
}

/** A file of DuckDB begins with three headers of 4 KiB each, the first of which has these letters. */
const HEADERS_BYTES = 3 * 4_096;
const MAGIC_AT = 8;
const MAGIC = 'DUCK';

/**
 * Whether DuckDB has not come to the end of making the file, which it then refuses: a kill at the very start leaves no bytes
 * or one or two headers of three, and tools that reserve names leave none. No such file ever held anything.
 */
function wasNeverFinished(path: string): boolean {
  const { size } = statSync(path);
  if (size >= HEADERS_BYTES || existsSync(anchorPath(path)) || existsSync(walPath(path))) return false;
  return size === 0 || readFileSync(path).toString('latin1', MAGIC_AT, MAGIC_AT + MAGIC.length) === MAGIC;
}

/** Opens the file read-only, whatever it holds. */
export async function openFileForReading(path: string): Promise<DuckDBInstance> {
  refuseName(path);
  refuseNoFile(path);
  return openInstance(path, {
    access_mode: 'READ_ONLY',
    memory_limit: STORE_MEMORY,
    temp_directory: spillFolder(path),
  });
}

export function refuseMissing(path: string): void {
  if (!existsSync(path)) throw new StoreError(`${path}: no such store; 'indicia run' creates one`);
}

/** Of what takes one store. */
export function refuseNoFile(path: string): void {
  refuseMissing(path);
  if (statSync(path).isDirectory()) throw new StoreError(`${path}: a folder; this takes one store, which is a file`);
}

async function openInstance(path: string, options: Record<string, string>): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(storeFile(path), options);
  } catch (error) {
    throw openingFailure(path, error);
  }
}

/** DuckDB: `Conflicting lock is held in /usr/bin/node (PID 19463)`. */
const LOCK_HOLDER = /Conflicting lock is held in .*\(PID (\d+)\)/;

/** Whether DuckDB found a file of a store, the database or its write-ahead log, locked by another process. */
export function isLockConflict(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Could not set lock');
}

/** Names that mean something else to DuckDB than a file. */
export function refuseName(path: string): void {
  if (path.startsWith(':'))
    throw new StoreError(`${path}: a store is a file, since what is not stored is not evidence`);
  if (hasParameters(path))
    throw new StoreError(`${path}: a store cannot have a "?" in the path of its file, where DuckDB parameters begin`);
}

/** What DuckDB says when it cannot open a file, as our users know it. */
export function openingFailure(path: string, error: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  if (isLockConflict(error)) {
    const holder = LOCK_HOLDER.exec(message)?.[1] ?? null;
    const which = holder === null ? '' : ` (process ${holder})`;
    const sentence = `${path}: another process has this store open${which}; wait for it or stop it`;
    return new StoreError(sentence, 'open-elsewhere', holder === null ? null : Number(holder), { cause: error });
  }
  if (/Read-only file system|Permission denied/.test(message)) {
    const sentence = `${path}: it cannot be written here, only read: ${message.split('\n')[0]}`;
    return new StoreError(sentence, null, null, { cause: error });
  }
  const sentence = `${path}: not a usable store: ${message.split('\n')[0]}`;
  return new StoreError(sentence, 'not-whole', null, { cause: error });
}
