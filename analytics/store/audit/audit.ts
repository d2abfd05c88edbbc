import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { attach } from '../archive.ts';
import { openFileForReading } from '../instance.ts';
import { isOfTables, lostRows, lowered, versionOf } from '../opening.ts';
import {
  type CatalogDifference,
  catalogOf,
  differenceSentence,
  differencesOf,
  expectedCatalog,
} from '../schema/catalog.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { isOld } from '../schema/upgrade.ts';
import { StoreError } from '../store-error.ts';
import { auditLinks, unlinkedRows } from './audit-links.ts';
import { NO_HEAD } from './chain.ts';
import { isSame, standingOf } from './integrity.ts';
import { headOfEntry, type StoredEntry, storedEntries } from './ledger.ts';
import { headOfStore, noteProblem } from './noted-head.ts';
import { problemOf, type StoreProblem } from './store-problem.ts';
import { type Vouched, vouchedFor } from './vouching.ts';

export interface StoreAudit {
  readonly rows: bigint;
  /** Rows that are said to have been moved out of the file: compared only where their archive was named. */
  readonly archivedRows: bigint;
  readonly problems: readonly StoreProblem[];
  /** To be noted down elsewhere: with it, a later audit finds a past that was rewritten together with the anchor. */
  readonly head: string | null;
  /** Who took what on trust, and what. */
  readonly accepted: readonly StoredEntry[];
  /** What was compared, and how; and what nobody here can vouch for. */
  readonly vouched: readonly Vouched[];
}

interface AuditOptions {
  /** The archive that rows of the store have left for. */
  readonly archive?: string | null;
  /** A head that an earlier audit gave. */
  readonly notedHead?: string | null;
}

/**
 * Compares everything in a store with what it was when it was written: rows with their links, links and ledger entries with
 * the ones before, tables with their seals, views and macros with those of this program, all of it with the anchor. Changes
 * nothing.
 *
 * @throws StoreError when there is no store, another process has it open, or it is of another version.
 */
export async function auditStore(
  path: string,
  onProgress: (rows: bigint) => void,
  { archive = null, notedHead = null }: AuditOptions = {},
): Promise<StoreAudit> {
  const instance = await openFileForReading(path);
  const connection = await instance.connect();
  const links = await instance.connect();
  // The store's own connection reaches no other file, so the archive is read by another.
  const archived = archive === null ? null : await DuckDBInstance.create(':memory:');
  const archivedConnection = (await archived?.connect()) ?? null;
  try {
    const catalog = await catalogOf(connection);
    const lost = catalog.some(({ kind }) => kind === 'table') ? null : lostRows(path);
    if (lost !== null) return unreadable([problemOf('rows-missing', lost)]);
    const version = await versionOf(path, connection, catalog);
    const differences = differencesOf(catalog, await expectedCatalog());
    if (version !== SCHEMA_VERSION && !(isOld(version) && !differences.some(isOfTables))) {
      throw new StoreError(
        `${path}: store version ${version}; this program reads version ${SCHEMA_VERSION}`,
        'other-version',
      );
    }
    const problems = differences.map((difference) =>
      problemOf(
        isOfTables(difference) ? 'schema-changed' : 'view-changed',
        differenceSentence(difference),
        null,
        null,
        difference.name,
      ),
    );
    if (version !== SCHEMA_VERSION)
      problems.push(problemOf('version-lowered', lowered(version), null, null, 'store_version'));
    // Tables cannot be read as ours, and foreign macros stand before DuckDB's own functions, those of the comparison too.
    const isForeign = ({ kind, difference }: CatalogDifference) => kind === 'macro' && difference === 'foreign';
    if (differences.some((difference) => isOfTables(difference) || isForeign(difference))) {
      return unreadable(problems);
    }
    await connection.run('set enable_external_access = false; set lock_configuration = true;');
    if (archivedConnection !== null && archive !== null) await attach(archivedConnection, archive);
    const { end, problems: standing } = await standingOf(path, connection, 'writing');
    if (notedHead !== null) problems.push(...(await noteProblem(connection, end, notedHead)));
    const archivedRows = await auditLinks(
      { links, rows: connection, archived: archivedConnection },
      problems,
      onProgress,
    );
    problems.push(...(await unlinkedRows(connection, end.chain.rows)));
    const isNamed = problems.some(({ problem }) => problem === 'row-added' || problem === 'row-missing');
    const unnamed = standing.filter(({ problem }) => !(isNamed && problem === 'rows-uncounted'));
    problems.push(...unnamed.map(({ problem, detail, table }) => problemOf(problem, detail, null, null, table)));
    const accepted = await auditLedger(connection, problems);
    const isArchiveCompared = archivedConnection !== null;
    const vouched = await vouchedFor({ problems, archivedRows, isArchiveCompared, isCompared: true });
    return { rows: end.chain.rows, archivedRows, problems, head: headOfStore(end), accepted, vouched };
  } finally {
    archivedConnection?.closeSync();
    archived?.closeSync();
    links.closeSync();
    connection.closeSync();
    instance.closeSync();
  }
}

/** Of a store in which nothing can be compared. */
async function unreadable(problems: readonly StoreProblem[]): Promise<StoreAudit> {
  const vouched = await vouchedFor({ problems, archivedRows: 0n, isArchiveCompared: false, isCompared: false });
  return { rows: 0n, archivedRows: 0n, problems, head: null, accepted: [], vouched };
}

/** Compares every entry with the one before; gives those that somebody accepted something with. */
async function auditLedger(connection: DuckDBConnection, problems: StoreProblem[]): Promise<StoredEntry[]> {
  const accepted: StoredEntry[] = [];
  let head: Uint8Array = NO_HEAD;
  let sequence = 0n;
  let commitNumber = 0n;
  for await (const entry of storedEntries(connection)) {
    const isNext = entry.sequence === sequence + 1n && entry.commitNumber > commitNumber;
    if (!isNext || !isSame(headOfEntry(head, entry), entry.head)) {
      const detail = `entry ${entry.sequence} of the ledger, ${JSON.stringify(entry.event)}, does not follow from the one before`;
      problems.push(problemOf('ledger-changed', detail, null, null, 'ledger'));
    }
    ({ head, sequence, commitNumber } = entry);
    if (entry.event === 'accepted') accepted.push(entry);
  }
  return accepted;
}
