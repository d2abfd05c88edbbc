import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { STORE_MEMORY, WAL_SIZE } from '../limits.ts';
import { anchorPath, readAnchor, resetAnchor } from './anchor.ts';
import { type ChainEnd, chainEnd } from './chain-table.ts';
import { MIGRATIONS } from './migrations.ts';
import { SCHEMA_VERSION, TABLES_SQL, VIEWS_SQL } from './schema.ts';
import { sealAll } from './sealing.ts';
import { asInteger, asText } from './values.ts';

/** Why a store cannot be used, for whoever can go on without it. */
export type StoreFault = 'open-elsewhere' | 'other-version' | 'not-whole';

/** The store cannot be used; the message names the file and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly fault: StoreFault | null;

  constructor(message: string, fault: StoreFault | null = null) {
    super(message);
    this.fault = fault;
  }
}

/** Opens the file for writing, creates the schema in a new one and brings an older one up. */
export async function openForWriting(path: string): Promise<DuckDBInstance> {
  const instance = await openNewOrOld(path, { memory_limit: STORE_MEMORY, checkpoint_threshold: WAL_SIZE });
  const connection = await instance.connect();
  try {
    if (await isEmpty(connection)) await connection.run(`begin; ${TABLES_SQL} ${VIEWS_SQL} commit;`);
    else await migrate(path, connection);
    await checkVersion(path, connection);
  } catch (error) {
    connection.closeSync();
    instance.closeSync();
    throw error;
  }
  connection.closeSync();
  return instance;
}

/** DuckDB looks first, so that a file that another process is just making, and has locked, is left alone. */
async function openNewOrOld(path: string, options: Record<string, string>): Promise<DuckDBInstance> {
  try {
    return await openInstance(path, options);
  } catch (error) {
    const isOurs = !(error instanceof StoreError && error.fault === 'open-elsewhere');
    if (!isOurs || !existsSync(path) || !wasNeverFinished(path)) throw error;
    rmSync(path);
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
  if (size >= HEADERS_BYTES || existsSync(anchorPath(path)) || existsSync(`${path}.wal`)) return false;
  return size === 0 || readFileSync(path).toString('latin1', MAGIC_AT, MAGIC_AT + MAGIC.length) === MAGIC;
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
    throw openingFailure(path, error);
  }
}

/** What DuckDB says when it cannot open a file, as our users know it. */
export function openingFailure(path: string, error: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('Could not set lock')) {
    return new StoreError(`${path}: another process has this store open; wait for it or stop it`, 'open-elsewhere');
  }
  return new StoreError(`${path}: not a usable store: ${message.split('\n')[0]}`, 'not-whole');
}

/** New, or left behind by a process that was killed before it had made the tables. */
async function isEmpty(connection: DuckDBConnection): Promise<boolean> {
  const tables = await connection.runAndReadAll('select 1 from duckdb_tables() limit 1');
  return tables.currentRowCount === 0;
}

/** One transaction, so that a store is of one version or the next. */
async function migrate(path: string, connection: DuckDBConnection): Promise<void> {
  const version = await versionOf(path, connection);
  if (version >= SCHEMA_VERSION || !MIGRATIONS.has(version)) return;
  await connection.run('begin');
  try {
    const views = await connection.runAndReadAll('select view_name from duckdb_views() where not internal');
    for (const [view] of views.getRows()) await connection.run(`drop view "${asText(view)}"`);
    for (let from = version; from < SCHEMA_VERSION; from++) await connection.run(MIGRATIONS.get(from) ?? '');
    await connection.run(VIEWS_SQL);
    await connection.run(`update store_version set version = ${SCHEMA_VERSION}`);
    await sealAll(connection);
    anchorUpgrade(path, await chainEnd(connection));
  } catch (error) {
    await connection.run('rollback');
    throw error;
  }
  await connection.run('commit');
}

/**
 * Before the commit, so that a kill between the two leaves a store that is brought up again, to the same end. Stores of
 * earlier versions had no anchor: where there is another one, somebody made the store look old.
 */
function anchorUpgrade(path: string, end: ChainEnd): void {
  const anchored = readAnchor(path);
  if (anchored !== null && (anchored.rows !== end.rows || Buffer.compare(anchored.head, end.head) !== 0)) {
    throw new StoreError(`${path}: claims to be of an earlier version, but has an anchor of this one: it was changed`);
  }
  resetAnchor(path, end);
}

async function checkVersion(path: string, connection: DuckDBConnection): Promise<void> {
  const version = await versionOf(path, connection);
  if (version === SCHEMA_VERSION) return;
  const advice = MIGRATIONS.has(version) ? `; 'indicia doctor --db ${path}' brings it up` : '';
  throw new StoreError(
    `${path}: store version ${version}; this program reads version ${SCHEMA_VERSION}${advice}`,
    'other-version',
  );
}

async function versionOf(path: string, connection: DuckDBConnection): Promise<number> {
  const tables = await connection.runAndReadAll("select 1 from duckdb_tables() where table_name = 'store_version'");
  if (tables.currentRowCount === 0)
    throw new StoreError(`${path}: a DuckDB file, but not a store of this program`, 'not-whole');
  const result = await connection.runAndReadAll('select version from store_version');
  return asInteger(result.getRows()[0]?.[0]);
}
