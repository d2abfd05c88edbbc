import type { DuckDBConnection } from '@duckdb/node-api';
import { IN_ORDER } from '../audit/chain-table.ts';
import { storedSeals } from '../audit/seals.ts';
import { exactRows } from '../queries/export.ts';
import { StoreError } from '../store-error.ts';
import { asBigint, asBoolean, asBytes, asInteger, asText, asTextOrNull } from '../values.ts';
import { copyTo, type FilePlace, placeOf, type StagedFile } from './lake-files.ts';
import { DAY_SQL, EVIDENCE, EVIDENCE_SQL, LINK_COLUMNS, LINKS, sealOfTable, WHOLE_TABLES } from './lake-tables.ts';
import type { Manifest } from './manifest.ts';

/** Rows of one step, and the links of one look at them: a store that was never written to a lake is written in many steps. */
export const STEP_ROWS_MAX = 100_000;
const STEP_LINKS_MAX = 5_000;

/** What a step adds to a lake. */
export interface StagedStep {
  readonly files: readonly StagedFile[];
  /** Seals of the tables that are written anew. */
  readonly seals: ReadonlyMap<string, string>;
  readonly rows: bigint;
  readonly links: number;
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
  place: Pick<FilePlace, 'folder' | 'partition' | 'version'>,
): Promise<StagedStep> {
  const { taken, isAll, known } = await nextLinks(connection, before);
  if (before.links > 0 && known !== before.head) {
    throw new StoreError(
      `${place.folder}: has rows up to ${before.rows} of another store, or this store has lost commits: name another lake`,
    );
  }
  const lastRow = taken.at(-1)?.last ?? before.rows;
  const archived = taken.find(({ isArchived }) => isArchived);
  if (archived !== undefined) {
    throw new StoreError(
      `${place.folder}: rows ${archived.first} to ${archived.last} have left the store for an archive: bring them back with indicia restore`,
    );
  }
  const files: StagedFile[] = [];
  if (lastRow > before.rows) files.push(...(await stageEvidence(connection, before.rows + 1n, lastRow, place)));
  const links = before.links + taken.length;
  if (taken.length > 0) {
    const { from, to } = await placeOf({ ...place, table: LINKS });
    const sql = `select ${LINK_COLUMNS} from chain ${IN_ORDER} limit ${taken.length} offset ${before.links}`;
    const rows = await copyTo(connection, sql, from);
    files.push({ table: LINKS, from, to, rows, firstRow: before.rows + 1n, lastRow });
  }
  const whole = isAll ? await stageWhole(connection, before, place) : { files: [], seals: new Map<string, string>() };
  return {
    files: [...files, ...whole.files],
    seals: whole.seals,
    ...{ rows: lastRow, links, isAll, head: taken.at(-1)?.head ?? before.head },
    registry: isAll ? await registryOf(connection) : before.registry,
  };
}

interface TakenLink {
  readonly first: bigint;
  readonly last: bigint;
  readonly head: string;
  readonly isArchived: boolean;
}

/** Links that come after those of the lake, as many as one step takes, and the head of the last one that it has. */
async function nextLinks(connection: DuckDBConnection, { links, rows }: Manifest) {
  const result = await connection.runAndReadAll(
    `select first_row, row_count, head, is_archived from chain ${IN_ORDER}
     limit ${STEP_LINKS_MAX + 1} offset ${Math.max(0, links - 1)}`,
  );
  const found = result.getRows().map(([first, count, head, isArchived]): TakenLink => {
    const firstRow = asBigint(first);
    return {
      ...{ first: firstRow, last: firstRow + asBigint(count) - 1n },
      ...{ head: Buffer.from(asBytes(head)).toString('hex'), isArchived: asBoolean(isArchived) },
    };
  });
  const known = links === 0 ? null : (found.shift()?.head ?? null);
  const tooFar = found.findIndex(({ last }) => last - rows > STEP_ROWS_MAX);
  // One batch may be larger than a step.
  const taken = tooFar === -1 ? found : found.slice(0, Math.max(1, tooFar));
  const isAll = taken.length === found.length && result.currentRowCount <= STEP_LINKS_MAX;
  return { known, taken, isAll };
}

/** A file for each day. */
async function stageEvidence(
  connection: DuckDBConnection,
  first: bigint,
  last: bigint,
  place: Pick<FilePlace, 'folder' | 'partition' | 'version'>,
): Promise<StagedFile[]> {
  const rows = `from evidence where row_id between ${first} and ${last}`;
  const days = await connection.runAndReadAll(
    `select ${DAY_SQL} as day, min(row_id), max(row_id), count(*) ${rows} group by day order by day nulls first`,
  );
  const files: StagedFile[] = [];
  for (const [dayOrNull, firstRow, lastRow, count] of days.getRows()) {
    const day = asTextOrNull(dayOrNull ?? null);
    const only =
      days.currentRowCount === 1 ? '' : ` and ${DAY_SQL} is not distinct from ${day === null ? 'null' : `'${day}'`}`;
    const { from, to } = await placeOf({ ...place, table: EVIDENCE, day });
    const written = await copyTo(connection, `select ${EVIDENCE_SQL} ${rows}${only} order by row_id`, from);
    if (written !== asInteger(count)) throw new Error(`${written} rows were written of ${asInteger(count)}`);
    files.push({ table: EVIDENCE, from, to, rows: written, firstRow: asBigint(firstRow), lastRow: asBigint(lastRow) });
  }
  return files;
}

async function stageWhole(
  connection: DuckDBConnection,
  before: Manifest,
  place: Pick<FilePlace, 'folder' | 'partition' | 'version'>,
) {
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
