import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { isText, isValid, textOrNullAt } from '../../indicium/index.ts';
import { readAnchor } from './anchor.ts';
import { attach } from './archive.ts';
import { digestOf, headOf, NO_HEAD, rowChecksOf } from './chain.ts';
import { chainEnd, type StoredLink, storedLinks } from './chain-table.ts';
import { columnsOfVersion, EVIDENCE_COLUMNS } from './columns.ts';
import { openForReading } from './instance.ts';
import { readStoredRows, type StoredRows } from './stored-columns.ts';
import { asBigintOrNull, asText } from './values.ts';
import { type AnchorProblem, anchorProblem, sentence } from './whole.ts';

/** What is wrong with a store. */
export interface StoreProblem {
  readonly problem: AnchorProblem | 'row-changed' | 'row-missing' | 'row-added' | 'batch-changed' | 'chain-broken';
  /** Number of the row, or of the first row of the batch; null where it is about the whole store. */
  readonly row: bigint | null;
  readonly scanId: string | null;
  readonly detail: string;
}

export interface StoreAudit {
  readonly rows: bigint;
  /** Rows that are said to have been moved out of the file: compared only where their archive was named. */
  readonly archivedRows: bigint;
  readonly problems: readonly StoreProblem[];
}

/**
 * Compares every row with what it was when it was written, and the store with its anchor.
 *
 * @throws StoreError when there is no store, or another process has it open.
 */
export async function auditStore(
  path: string,
  onProgress: (rows: bigint) => void,
  archiveFolder: string | null = null,
): Promise<StoreAudit> {
  const instance = await openForReading(path);
  const connection = await instance.connect();
  // The store's own connection reaches no other file, so the archive is read by another.
  const archived = archiveFolder === null ? null : await DuckDBInstance.create(':memory:');
  const archivedConnection = (await archived?.connect()) ?? null;
  try {
    if (archivedConnection !== null && archiveFolder !== null) await attach(archivedConnection, archiveFolder);
    const end = await chainEnd(connection);
    const anchored = readAnchor(path);
    const problems: StoreProblem[] = [];
    const problem = await anchorProblem(connection, end, anchored);
    if (problem !== null) problems.push({ problem, row: null, scanId: null, detail: sentence(problem, end, anchored) });
    const archivedRows = await auditLinks(connection, archivedConnection, problems, onProgress);
    problems.push(...(await unlinkedRows(connection, end.rows)));
    return { rows: end.rows, archivedRows, problems };
  } finally {
    archivedConnection?.closeSync();
    archived?.closeSync();
    connection.closeSync();
    instance.closeSync();
  }
}

async function auditLinks(
  connection: DuckDBConnection,
  archived: DuckDBConnection | null,
  problems: StoreProblem[],
  onProgress: (rows: bigint) => void,
): Promise<bigint> {
  let head: Uint8Array = NO_HEAD;
  let nextRow = 1n;
  let archivedRows = 0n;
  for await (const link of storedLinks(connection)) {
    const { firstRow, rows, isArchived } = link;
    const lastRow = firstRow + BigInt(rows) - 1n;
    const stored = await readStoredRows(connection, firstRow, lastRow);
    const isAway = isArchived && stored.rowIds.length === 0;
    if (isAway) archivedRows += BigInt(rows);
    if (!isAway) problems.push(...batchProblems(link, stored));
    else if (archived !== null) {
      problems.push(...batchProblems(link, await readStoredRows(archived, firstRow, lastRow, 'archived')));
    }
    if (firstRow !== nextRow || Buffer.compare(headOf(head, firstRow, rows, link.digest), link.head) !== 0) {
      const detail = `the link of rows ${firstRow} to ${lastRow} does not follow from the one before`;
      problems.push({ problem: 'chain-broken', row: firstRow, scanId: null, detail });
    }
    head = link.head;
    nextRow = lastRow + 1n;
    onProgress(lastRow);
  }
  return archivedRows;
}

const SCAN_ID_COLUMN = EVIDENCE_COLUMNS.findIndex(({ name }) => name === 'scan_id');

function batchProblems(link: StoredLink, { rowIds, columns }: StoredRows): StoreProblem[] {
  const { firstRow, rows, digest } = link;
  const { covered, later } = columnsOfVersion(columns, link.version);
  const isWhole = rowIds.length === rows && Buffer.compare(digestOf(covered, rows), digest) === 0;
  // What a row had no column for when it was written, it cannot say.
  const isFilledIn = (index: number) => later.some(({ valid }) => isValid(valid, index));
  if (isWhole && !rowIds.some((_, index) => isFilledIn(index))) return [];
  const expected = new DataView(link.rowChecks.buffer, link.rowChecks.byteOffset, link.rowChecks.byteLength);
  const checks = rowChecksOf(covered, rowIds.length);
  const scanIds = columns[SCAN_ID_COLUMN];
  const seen = new Set<bigint>();
  const problems: StoreProblem[] = [];
  for (const [index, row] of rowIds.entries()) {
    const scanId = scanIds !== undefined && isText(scanIds) ? textOrNullAt(scanIds, index) : null;
    const place = `row ${row}, scan ${scanId ?? 'without id'}`;
    if (seen.has(row)) problems.push({ problem: 'row-added', row, scanId, detail: `${place}, is there twice` });
    else if (expected.getUint32(4 * Number(row - firstRow), true) !== checks[index] || isFilledIn(index)) {
      problems.push({
        problem: 'row-changed',
        row,
        scanId,
        detail: `${place}, is not what it was when it was recorded`,
      });
    }
    seen.add(row);
  }
  for (let row = firstRow; row < firstRow + BigInt(rows); row++) {
    if (!seen.has(row)) problems.push({ problem: 'row-missing', row, scanId: null, detail: `row ${row} is missing` });
  }
  if (problems.length > 0) return problems;
  const detail = `rows ${firstRow} to ${firstRow + BigInt(rows) - 1n} were changed together with their checks`;
  return [{ problem: 'batch-changed', row: firstRow, scanId: null, detail }];
}

async function unlinkedRows(connection: DuckDBConnection, lastRow: bigint): Promise<StoreProblem[]> {
  const result = await connection.runAndReadAll(
    'select row_id, scan_id from evidence where row_id is null or row_id > $1 or row_id < 1 order by row_id',
    [lastRow],
  );
  return result.getRows().map(([rowId, scanId]) => {
    const row = asBigintOrNull(rowId);
    const detail = `row ${row ?? 'without number'}, scan ${asText(scanId)}, was never recorded`;
    return { problem: 'row-added', row, scanId: asText(scanId), detail };
  });
}
