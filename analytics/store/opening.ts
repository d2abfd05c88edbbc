import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { plural } from '../../indicium/index.ts';
import { acceptAsIs } from './audit/acceptance.ts';
import { Anchor, readAnchor, readOldAnchor, resetAnchor } from './audit/anchor.ts';
import { type StorePorts, UNNAMED } from './audit/author.ts';
import { NO_HEAD } from './audit/chain.ts';
import { type IntegrityProblem, standingOf } from './audit/integrity.ts';
import { NO_LEDGER } from './audit/ledger.ts';
import { EMPTY_SEALS } from './audit/seals.ts';
import { anchoredOf, noteIn, type StoreEnd } from './commits.ts';
import { isLockConflict, openFileForReading, openFileForWriting, openingFailure } from './instance.ts';
import {
  type CatalogDifference,
  type CatalogEntry,
  catalogOf,
  differenceSentence,
  differencesOf,
  expectedCatalog,
} from './schema/catalog.ts';
import { dropDerived } from './schema/migrations.ts';
import { SCHEMA_VERSION, TABLES_SQL, VIEWS_SQL } from './schema/schema.ts';
import { isOld, upgrade } from './schema/upgrade.ts';
import { StoreError } from './store-error.ts';
import { asInteger } from './values.ts';

/** A store that is open for writing, and was found to be whole. */
export interface OpenedStore {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly anchor: Anchor;
  readonly end: StoreEnd;
  readonly positions: ReadonlyMap<string, string>;
}

/** Where a store stands once it can be used, how its anchor is to be written, and what was done to it. */
interface Readied {
  readonly end: StoreEnd;
  readonly positions: ReadonlyMap<string, string>;
  readonly notices: readonly string[];
  /** The anchor is begun anew: it is another one's, or says what does not hold any more. */
  readonly isReset: boolean;
}

/**
 * Changes nothing. DuckDB locks the write-ahead log with the first commit that has something for it, which would otherwise be
 * one of evidence: a process that is stopped while it closes a store has given the lock of the database back, and not that of its log.
 */
const LOGGED = 'comment on table store_version is null';

/**
 * Opens a store for writing: makes its tables in a new one, brings an older one up, makes views and macros anew where they
 * are not those of this program, and compares it with its anchor and with its own digests.
 *
 * @throws StoreError when another process has the file open, when it is not a store, or is not whole.
 */
export async function openStore(path: string, ports: StorePorts = {}, isAccepted = false): Promise<OpenedStore> {
  const { instance, expected } = await withExpected(openFileForWriting(path));
  const connection = await instance.connect();
  let anchor: Anchor | null = null;
  try {
    await connection.run('begin');
    let readied: Readied;
    try {
      readied = await ready(path, connection, expected, ports, isAccepted);
      await connection.run(LOGGED);
    } catch (error) {
      await connection.run('rollback');
      throw error;
    }
    await connection.run('commit').catch((error: unknown) => {
      throw isLockConflict(error) ? openingFailure(path, error) : error;
    });
    // After the commit: a store may be ahead of its anchor by one, and never behind it.
    if (readied.isReset) resetAnchor(path, anchoredOf(readied.end));
    anchor = Anchor.open(path);
    anchor.write(anchoredOf(readied.end));
    for (const notice of readied.notices) ports.onNotice?.(notice);
    return { instance, connection, anchor, end: readied.end, positions: readied.positions };
  } catch (error) {
    anchor?.close();
    connection.closeSync();
    instance.closeSync();
    throw error;
  }
}

async function ready(
  path: string,
  connection: DuckDBConnection,
  expected: readonly CatalogEntry[],
  { author = UNNAMED }: StorePorts,
  isAccepted: boolean,
): Promise<Readied> {
  const catalog = await catalogOf(connection);
  if (!catalog.some(({ kind }) => kind === 'table')) {
    const lost = lostRows(path);
    if (lost !== null && !isAccepted) throw notWhole(path, lost);
    await dropDerived(connection, catalog);
    await connection.run(`${TABLES_SQL} ${VIEWS_SQL}`);
    const chain = { rows: 0n, head: NO_HEAD };
    const before = { commitNumber: 0n, chain, ledger: NO_LEDGER, seals: EMPTY_SEALS };
    const event = lost === null ? 'created' : 'accepted';
    const detail = { version: SCHEMA_VERSION, problems: lost === null ? [] : [lost] };
    const end = await noteIn(connection, before, { event, detail, seals: EMPTY_SEALS }, author);
    return { end, positions: new Map(), notices: [], isReset: true };
  }
  const version = await versionOf(path, connection, catalog);
  const differences = differencesOf(catalog, expected);
  const foreign = differences.filter(isOfTables);
  const isLowered = isOld(version) && foreign.length === 0;
  if (isOld(version) && !isLowered) {
    // Before anything is asked of it: macros stand before DuckDB's own functions.
    await dropDerived(connection, catalog);
    const { end, positions, sentence } = await upgrade(path, connection, version, author, isAccepted);
    return { end, positions, notices: [sentence], isReset: true };
  }
  if (!isLowered) refuseOtherVersion(path, version);
  refuseForeign(path, foreign);
  const renewed = differences.filter((difference) => !isOfTables(difference));
  if (renewed.length > 0) {
    await dropDerived(connection, catalog);
    await connection.run(VIEWS_SQL);
  }
  const { end, positions, problems } = await standingOf(path, connection, 'writing');
  const doubts = isLowered ? [lowered(version)] : [];
  if (isAccepted) {
    const accepted = await acceptAsIs(
      path,
      connection,
      end,
      positions,
      problems,
      [...doubts, ...renewed.map(differenceSentence)],
      author,
    );
    return { end: accepted, positions, notices: [], isReset: true };
  }
  if (isLowered) throw notWhole(path, lowered(version));
  refuseProblems(path, problems);
  if (renewed.length === 0) return { end, positions, notices: [], isReset: false };
  // First, so that the store is never ahead of its anchor by two commits.
  const anchor = Anchor.open(path);
  anchor.write(anchoredOf(end));
  anchor.close();
  const detail = { differences: renewed };
  const noted = await noteIn(connection, end, { event: 'views-renewed', detail, seals: new Map() }, author);
  const notices = [`${path}: made anew, since ${renewed.map(differenceSentence).join(', ')}`];
  return { end: noted, positions, notices, isReset: false };
}

/**
 * Opens a store read-only, without a way to other files, and with its settings locked.
 *
 * @throws StoreError when there is no store, it is not whole, or another process is writing to it.
 */
export async function openForReading(
  path: string,
): Promise<{ instance: DuckDBInstance; connection: DuckDBConnection }> {
  const { instance, expected } = await withExpected(openFileForReading(path));
  const connection = await instance.connect();
  try {
    const catalog = await catalogOf(connection);
    refuseOtherVersion(path, await versionOf(path, connection, catalog));
    const differences = differencesOf(catalog, expected);
    refuseForeign(path, differences.filter(isOfTables));
    const [first] = differences;
    if (first !== undefined) {
      throw notWhole(path, `${differenceSentence(first)}, and is made anew when it is next opened for writing`);
    }
    refuseProblems(path, (await standingOf(path, connection, 'reading')).problems);
    await connection.run('set enable_external_access = false; set lock_configuration = true;');
    return { instance, connection };
  } catch (error) {
    connection.closeSync();
    instance.closeSync();
    throw error;
  }
}

/** Both at once; and both ended, also when one failed: a thread must not end while DuckDB works for it. */
async function withExpected(
  opening: Promise<DuckDBInstance>,
): Promise<{ readonly instance: DuckDBInstance; readonly expected: readonly CatalogEntry[] }> {
  await Promise.allSettled([opening, expectedCatalog()]);
  return { instance: await opening, expected: await expectedCatalog() };
}

export function isOfTables({ kind }: CatalogDifference): boolean {
  return kind === 'table' || kind === 'other';
}

export function lowered(version: number): string {
  return `says that it is of version ${version}, and has the tables of version ${SCHEMA_VERSION}: it was changed`;
}

function notWhole(path: string, sentence: string): StoreError {
  return new StoreError(`${path}: ${sentence}; 'indicia doctor --db ${path}' says what to do`, 'not-whole');
}

function refuseProblems(path: string, problems: readonly IntegrityProblem[]): void {
  const [first] = problems;
  if (first !== undefined) throw notWhole(path, first.detail);
}

function refuseForeign(path: string, [first]: readonly CatalogDifference[]): void {
  if (first !== undefined) throw notWhole(path, differenceSentence(first));
}

/** What an anchor says of a store whose file holds nothing; null where nothing was lost. */
export function lostRows(path: string): string | null {
  const anchored = readAnchor(path);
  const isBegun = anchored !== null && (anchored.rows > 0n || anchored.entries > 1n);
  const rows = anchored?.rows ?? readOldAnchor(path)?.rows ?? 0n;
  if (!isBegun && rows === 0n) return null;
  return `it lacks ${rows} of ${plural(rows, 'acknowledged row')}: its file was emptied or removed`;
}

function refuseOtherVersion(path: string, version: number): void {
  if (version === SCHEMA_VERSION) return;
  const advice = isOld(version) ? `; 'indicia doctor --db ${path}' brings it up` : '';
  throw new StoreError(
    `${path}: store version ${version}; this program reads version ${SCHEMA_VERSION}${advice}`,
    'other-version',
  );
}

export async function versionOf(
  path: string,
  connection: DuckDBConnection,
  catalog: readonly CatalogEntry[],
): Promise<number> {
  if (!catalog.some(({ kind, name }) => kind === 'table' && name === 'store_version')) {
    throw new StoreError(`${path}: a DuckDB file, but not a store of this program`, 'not-whole');
  }
  const result = await connection.runAndReadAll('select version from store_version');
  if (result.currentRowCount !== 1) throw notWhole(path, 'does not say which version it is of');
  return asInteger(result.getRows()[0]?.[0]);
}
