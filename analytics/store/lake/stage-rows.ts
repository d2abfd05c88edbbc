import assert from 'node:assert/strict';
import type { DuckDBConnection } from '@duckdb/node-api';
import { IN_ORDER } from '../audit/chain-table.ts';
import { storedSeals } from '../audit/seals.ts';
import { exactRows } from '../queries/export.ts';
import { StoreError } from '../store-error.ts';
import { asBigint, asBigintOrNull, asBoolean, asBytes, asBytesOrNull, asInteger, asText } from '../values.ts';
import { copyTo, type FilePlace, placeOf, type StagedFile } from './lake-files.ts';
import {
  DAY_NUMBER_SQL,
  dayText,
  EVIDENCE,
  EVIDENCE_SQL,
  LINK_COLUMNS,
  LINKS,
  ofDay,
  sealOfTable,
  WHOLE_TABLES,
} from './lake-tables.ts';
import { type Manifest, NO_COMMIT } from './manifest.ts';

/** Rows of one step: a store that was never written to a lake is written in many. */
export const STEP_ROWS_MAX = 100_000;

type StepPlace = Omit<FilePlace, 'table' | 'day'>;

/** What a step adds to a lake. */
interface StagedStep {
  readonly files: readonly StagedFile[];
  /** Seals of the tables that are written anew. */
  readonly seals: ReadonlyMap<string, string>;
  readonly rows: bigint;
  readonly commitNumber: bigint;
  readonly head: string;
  readonly registry: Manifest['registry'];
  /** Nothing is left to be written of that moment of the store. */
  readonly isAll: boolean;
}

/**
 * Writes what a lake does not have yet of the moment that an open transaction sees: rows that were committed, and, once
 * it has all of these, the tables that changed.
 *
 * @throws StoreError where the lake is of another store, is ahead of this one, or lacks rows that have left for an archive.
 */
export async function stageStep(
  connection: DuckDBConnection,
  before: Manifest,
  place: StepPlace,
  rowsMax: number,
): Promise<StagedStep> {
  await refuseOtherStore(connection, place.folder, before);
  const { taken, isAll } = await nextCommits(connection, before, rowsMax);
  const lastRow = taken.at(-1)?.last ?? before.rows;
  const archived = taken.find(({ hasArchived }) => hasArchived);
  if (archived !== undefined) {
    throw new StoreError(
      `${place.folder}: rows ${archived.first} to ${archived.last} have left the store for an archive: bring them back with indicia restore`,
    );
  }
  const files: StagedFile[] = [];
  if (lastRow > before.rows) files.push(...(await stageEvidence(connection, before.rows + 1n, lastRow, place)));
  const staged = files.reduce((sum, file) => sum + BigInt(file.rows), 0n);
  assert(staged === lastRow - before.rows, `${staged} rows of ${before.rows + 1n} to ${lastRow} are in the store`);
  const commitNumber = taken.at(-1)?.commitNumber ?? before.commitNumber;
  if (commitNumber > before.commitNumber) {
    const { from, to } = await placeOf({ ...place, table: LINKS });
    const sql = `select ${LINK_COLUMNS} from chain
      where commit_number > ${before.commitNumber} and commit_number <= ${commitNumber} ${IN_ORDER}`;
    const rows = await copyTo(connection, sql, from);
    files.push({ table: LINKS, from, to, rows, firstRow: before.rows + 1n, lastRow });
  }
  // A reader needs all tables, so that they are there from the first version with rows on.
  const isDue = isAll || before.rows === 0n;
  const whole = isDue ? await stageWhole(connection, before, place) : { files: [], seals: new Map<string, string>() };
  return {
    files: [...files, ...whole.files],
    seals: whole.seals,
    ...{ rows: lastRow, commitNumber, isAll, head: taken.at(-1)?.head ?? before.head },
    registry: isDue ? await registryOf(connection) : before.registry,
  };
}

/** What one commit of the store brought. */
interface TakenCommit {
  readonly commitNumber: bigint;
  readonly first: bigint;
  readonly last: bigint;
  readonly head: string;
  readonly hasArchived: boolean;
}

/** Commits after those of the lake, as many as one step takes. A plant commits a hundred times a second, so older ones are not looked at. */
async function nextCommits(connection: DuckDBConnection, { commitNumber, rows }: Manifest, rowsMax: number) {
  const result = await connection.runAndReadAll(
    `select commit_number, min(first_row), max(first_row + row_count - 1), last(head order by first_row, row_count),
       bool_or(is_archived and row_count > 0)
     from chain where commit_number > $1 and commit_number <= (
       select max(commit_number) from chain where commit_number > $1 and first_row <= $2)
     group by commit_number order by commit_number`,
    [commitNumber, rows + BigInt(rowsMax) + 1n],
  );
  const found = result.getRows().map(([number, first, last, head, hasArchived]): TakenCommit => {
    return {
      ...{ commitNumber: asBigint(number), first: asBigint(first), last: asBigint(last) },
      ...{ head: Buffer.from(asBytes(head)).toString('hex'), hasArchived: asBoolean(hasArchived) },
    };
  });
  const tooFar = found.findIndex(({ last }) => last - rows > rowsMax);
  // One commit may be larger than a step.
  const taken = tooFar === -1 ? found : found.slice(0, Math.max(1, tooFar));
  const newest = await connection.runAndReadAll('select max(commit_number) from chain');
  const end = asBigintOrNull(newest.getRows()[0]?.[0] ?? null) ?? NO_COMMIT;
  const isAll = (taken.at(-1)?.commitNumber ?? commitNumber) === end;
  assert(isAll || taken.length > 0, 'a chain goes on, and no link follows the last row of the lake');
  return { taken, isAll };
}

/** @throws StoreError where a part of a lake is not of the store of this connection, or is ahead of it. */
export async function refuseOtherStore(connection: DuckDBConnection, folder: string, part: Manifest): Promise<void> {
  if (await isOfChain(connection, part)) return;
  throw new StoreError(
    `${folder}: has rows up to ${part.rows} of another store, or this store has lost commits: name another lake`,
  );
}

/** Whether the last link that a lake has is one of this chain. */
export async function isOfChain(connection: DuckDBConnection, { commitNumber, head }: Manifest): Promise<boolean> {
  if (commitNumber === NO_COMMIT) return true;
  const result = await connection.runAndReadAll(
    'select last(head order by first_row, row_count) from chain where commit_number = $1',
    [commitNumber],
  );
  const found = asBytesOrNull(result.getRows()[0]?.[0] ?? null);
  return found !== null && Buffer.from(found).toString('hex') === head;
}

/** A file for each day. */
async function stageEvidence(
  connection: DuckDBConnection,
  first: bigint,
  last: bigint,
  place: StepPlace,
): Promise<StagedFile[]> {
  const rows = `from evidence where row_id between ${first} and ${last}`;
  const days = await connection.runAndReadAll(
    `select ${DAY_NUMBER_SQL} as day, min(row_id), max(row_id), count(*) ${rows} group by day order by day nulls first`,
  );
  const hasNoDay = days.getRows().some(([day]) => day === null);
  const files: StagedFile[] = [];
  for (const [number, firstRow, lastRow, count] of days.getRows()) {
    const day = asBigintOrNull(number ?? null);
    const { from, to } = await placeOf({ ...place, table: EVIDENCE, day: day === null ? null : dayText(day) });
    const only = days.currentRowCount === 1 ? '' : ` and ${ofDay(day, hasNoDay)}`;
    const written = await copyTo(connection, `select ${EVIDENCE_SQL} ${rows}${only} order by row_id`, from);
    if (written !== asInteger(count)) throw new Error(`${written} rows were written of ${asInteger(count)}`);
    files.push({ table: EVIDENCE, from, to, rows: written, firstRow: asBigint(firstRow), lastRow: asBigint(lastRow) });
  }
  return files;
}

async function stageWhole(connection: DuckDBConnection, before: Manifest, place: StepPlace) {
  const now = await storedSeals(connection);
  if (now === null) throw new StoreError(`${place.folder}: the seals of the store say two things of one table`);
  const files: StagedFile[] = [];
  const seals = new Map<string, string>();
  for (const table of WHOLE_TABLES) {
    const seal = sealOfTable(table, now);
    if (before.tables[table.name]?.seal === seal) continue;
    const { from, to } = await placeOf({ ...place, table: table.name });
    const sql = table.view === null ? `from ${table.table}` : await exactRows(connection, table.view);
    const rows = await copyTo(connection, sql, from);
    files.push({ table: table.name, from, to, rows, firstRow: null, lastRow: null });
    seals.set(table.name, seal);
  }
  return { files, seals };
}

async function registryOf(connection: DuckDBConnection): Promise<Manifest['registry']> {
  const result = await connection.runAndReadAll('select version, digest from registry_version');
  const [row] = result.getRows();
  return row === undefined ? null : { version: asInteger(row[0]), digest: asText(row[1]) };
}
