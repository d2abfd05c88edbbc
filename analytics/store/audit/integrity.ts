import type { DuckDBConnection } from '@duckdb/node-api';
import { plural } from '../../../indicium/index.ts';
import type { StoreEnd } from '../commits.ts';
import { readPositions } from '../source-positions.ts';
import { asBigint } from '../values.ts';
import { type Anchored, type OldAnchored, readAnchor, readOldAnchor } from './anchor.ts';
import { headOf, NO_HEAD } from './chain.ts';
import { endOf, lastLinks, linkEndingAt, linkUpTo } from './chain-table.ts';
import { entryUpTo, headOfEntry, lastEntries, NO_LEDGER } from './ledger.ts';
import { PositionDigest } from './position-digest.ts';
import { digestOfSeals, SEALED, sealsOf, storedSeals } from './seals.ts';

/** What the anchor beside a store says against it. */
type AnchorProblem = 'anchor-missing' | 'anchor-behind' | 'rows-missing' | 'history-differs';

/** What a store says against itself when it is opened, without a look at its rows. */
export type StateProblem =
  | AnchorProblem
  | 'chain-broken'
  | 'ledger-changed'
  | 'position-moved'
  | 'table-changed'
  | 'rows-uncounted';

export interface IntegrityProblem {
  readonly problem: StateProblem;
  /** The table that was changed; null where it is about the whole store. */
  readonly table: string | null;
  readonly detail: string;
}

/** Where a store stands by its own word, and what speaks against that. */
interface Standing {
  readonly end: StoreEnd;
  readonly positions: ReadonlyMap<string, string>;
  readonly problems: readonly IntegrityProblem[];
}

/**
 * Compares a store with its anchor, the ends of its two chains with what they are made of, the positions of its sources
 * and its sealed tables with their digests, and counts its rows. The views and macros must be known to be those of this program.
 *
 * `scope` 'reading' leaves out the tables that only detectors read; `tables` are those of an older version, whose seals the
 * others have no part in.
 */
export async function standingOf(
  path: string,
  connection: DuckDBConnection,
  scope: 'writing' | 'reading',
  tables: ReadonlySet<string> | null = null,
): Promise<Standing> {
  const [[link, linkBefore], [entry, entryBefore]] = [await lastLinks(connection, 2), await lastEntries(connection, 2)];
  const problems: IntegrityProblem[] = [];
  const add = (problem: StateProblem, detail: string, table: string | null = null) =>
    problems.push({ problem, table, detail });
  if (link !== undefined && !isSame(headOf(linkBefore?.head ?? NO_HEAD, link), link.head)) {
    add(
      'chain-broken',
      `the last link of the chain, of row ${link.firstRow}, does not follow from the one before`,
      'chain',
    );
  }
  if (entry === undefined || !isSame(headOfEntry(entryBefore?.head ?? NO_HEAD, entry), entry.head)) {
    add('ledger-changed', 'the last entry of the ledger is missing, or does not follow from the one before', 'ledger');
  }
  const stored = await storedSeals(connection);
  const seals = stored ?? new Map<string, string>();
  if (stored === null || (entry !== undefined && digestOfSeals(seals) !== entry.seals)) {
    add('ledger-changed', 'the digests in the table "sealed" are not those of the last entry of the ledger', 'sealed');
  }
  const read = await readPositions(connection);
  const positions = read ?? new Map<string, string>();
  const said = link === undefined ? new PositionDigest().bytes() : link.positions;
  if (read === null || said === null || !isSame(PositionDigest.of(positions).bytes(), said)) {
    add('position-moved', 'how far sources were read is not what was recorded with the last batch', 'source_position');
  }
  const chain = link === undefined ? { rows: 0n, head: NO_HEAD } : endOf(link);
  const ledger = entry === undefined ? NO_LEDGER : { entries: entry.sequence, head: entry.head };
  const numbers = [link?.commitNumber ?? 0n, entry?.commitNumber ?? 0n];
  const end = { commitNumber: numbers.reduce((one, other) => (one > other ? one : other)), chain, ledger, seals };
  const anchor = await anchorProblem(connection, path, end);
  if (anchor !== null) add(...anchor);
  const counted = await connection.runAndReadAll(
    `select (select count(*) from evidence), (select coalesce(sum(row_count), 0)::bigint from chain where not is_archived)`,
  );
  const [rows, linked] = counted.getRows()[0] ?? [];
  if (rows !== linked) {
    add('rows-uncounted', `rows of evidence: ${asBigint(rows)} in the file, ${asBigint(linked)} recorded`, 'evidence');
  }
  const compared = SEALED.filter(({ isInternal }) => scope === 'writing' || !isInternal)
    .map(({ name }) => name)
    .filter((name) => tables === null || name === 'archived_link' || tables.has(name));
  for (const [name, seal] of await sealsOf(connection, compared)) {
    if (seals.get(name) === seal) continue;
    const table = name === 'archived_link' ? 'chain' : name;
    add('table-changed', `the table "${table}" is not what it was when the ledger last noted a change of it`, table);
  }
  return { end, positions, problems };
}

async function anchorProblem(
  connection: DuckDBConnection,
  path: string,
  { commitNumber, chain, ledger }: StoreEnd,
): Promise<[problem: AnchorProblem, detail: string] | null> {
  const anchored = readAnchor(path) ?? afterUpgrade(readOldAnchor(path), commitNumber);
  if (anchored === null) {
    // Killed before its first anchor: nothing was ever answered from it.
    if (commitNumber <= 1n && chain.rows === 0n && ledger.entries === 1n) return null;
    return ['anchor-missing', 'the file .anchor beside the store, which says how far it had come, is missing'];
  }
  if (anchored.rows > chain.rows) {
    return [
      'rows-missing',
      `it lacks ${anchored.rows - chain.rows} of ${plural(anchored.rows, 'acknowledged row')}: its write-ahead log was cut off or lost, or an older copy took its place`,
    ];
  }
  if (anchored.commitNumber > commitNumber || anchored.entries > ledger.entries) {
    return [
      'rows-missing',
      `it lacks ${anchored.commitNumber - commitNumber} of ${plural(anchored.commitNumber, 'commit')}: its write-ahead log was cut off or lost, or an older copy took its place`,
    ];
  }
  if (!(await isOfHistory(connection, anchored))) {
    return [
      'history-differs',
      `its rows up to ${anchored.rows} are not those that were acknowledged: another store took its place, or its past was rewritten`,
    ];
  }
  // A kill between a commit and its anchor leaves one; of more, nobody can say that they were this program's.
  if (commitNumber > anchored.commitNumber + 1n) {
    return [
      'anchor-behind',
      `${commitNumber - anchored.commitNumber} commits came after the one that its anchor names, where a kill leaves one at most: an older anchor took its place`,
    ];
  }
  return null;
}

async function isOfHistory(connection: DuckDBConnection, anchored: Anchored): Promise<boolean> {
  // Also of version 4, whose last commit may have come after its anchor.
  const link = await (anchored.commitNumber === 0n
    ? linkEndingAt(connection, anchored.rows)
    : linkUpTo(connection, anchored.commitNumber));
  const entry = await entryUpTo(connection, anchored.commitNumber);
  const chain = link === null ? { rows: 0n, head: NO_HEAD } : endOf(link);
  const ledger = entry === null ? NO_LEDGER : { entries: entry.sequence, head: entry.head };
  return (
    chain.rows === anchored.rows &&
    isSame(chain.head, anchored.head) &&
    ledger.entries === anchored.entries &&
    isSame(ledger.head, anchored.ledgerHead)
  );
}

/** Killed after an upgrade was committed and before its anchor: the one that version 4 left still stands for it. */
function afterUpgrade(old: OldAnchored | null, commitNumber: bigint): Anchored | null {
  if (old === null || commitNumber !== 1n) return null;
  return { ...old, commitNumber: 0n, entries: 0n, ledgerHead: NO_HEAD };
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
