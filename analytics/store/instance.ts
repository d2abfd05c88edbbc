import { existsSync, rmSync, statSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { STORE_MEMORY } from '../limits.ts';
import { SCHEMA_SQL, SCHEMA_VERSION } from './schema.ts';
import { asInteger } from './values.ts';

/** The store cannot be used; the message names the file and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Opens the file for writing and creates the schema in a new one. */
export async function openForWriting(path: string): Promise<DuckDBInstance> {
  // DuckDB refuses a file of no bytes, which is what a kill at the very start leaves, or a tool that reserves names.
  if (existsSync(path) && statSync(path).size === 0) rmSync(path);
  const instance = await openInstance(path, { memory_limit: STORE_MEMORY });
  const connection = await instance.connect();
  try {
    if (await isEmpty(connection)) await connection.run(`begin; ${SCHEMA_SQL} commit;`);
    await checkVersion(path, connection);
  } finally {
    connection.closeSync();
  }
  return instance;
}

/** Opens the file read-only, without a way to other files, and with its settings locked. */
export async function openForReading(path: string): Promise<DuckDBInstance> {
  refuseMissing(path);
  const instance = await openInstance(path, { access_mode: 'READ_ONLY', memory_limit: STORE_MEMORY });
  const connection = await instance.connect();
  try {
    await checkVersion(path, connection);
    await connection.run('set enable_external_access = false; set lock_configuration = true;');
  } finally {
    connection.closeSync();
  }
  return instance;
}

export function refuseMissing(path: string): void {
  if (!existsSync(path)) throw new StoreError(`${path}: no such store; 'indicia run' creates one`);
}

async function openInstance(path: string, options: Record<string, string>): Promise<DuckDBInstance> {
  if (path.startsWith(':'))
    throw new StoreError(`${path}: a store is a file, since what is not stored is not evidence`);
  try {
    return await DuckDBInstance.create(path, options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message.includes('Could not set lock')) {
      throw new StoreError(`${path}: another process has this store open; wait for it or stop it`);
    }
    throw new StoreError(`${path}: not a usable store: ${message.split('\n')[0]}`);
  }
}

/** New, or left behind by a process that was killed before it had made the tables. */
async function isEmpty(connection: DuckDBConnection): Promise<boolean> {
  const tables = await connection.runAndReadAll('select 1 from duckdb_tables() limit 1');
  return tables.currentRowCount === 0;
}

async function checkVersion(path: string, connection: DuckDBConnection): Promise<void> {
  const tables = await connection.runAndReadAll("select 1 from duckdb_tables() where table_name = 'store_version'");
  if (tables.currentRowCount === 0) throw new StoreError(`${path}: a DuckDB file, but not a store of this program`);
  const result = await connection.runAndReadAll('select version from store_version');
  const version = asInteger(result.getRows()[0]?.[0]);
  if (version !== SCHEMA_VERSION) {
    throw new StoreError(`${path}: store version ${version}; this program reads version ${SCHEMA_VERSION}`);
  }
}
