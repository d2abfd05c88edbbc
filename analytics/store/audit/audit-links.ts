import type { DuckDBConnection } from '@duckdb/node-api';
import { isText, isValid, textOrNullAt } from '../../../indicium/index.ts';
import { columnsOfVersion, EVIDENCE_COLUMNS } from '../schema/columns.ts';
import { readStoredRows, type StoredRows } from '../schema/stored-columns.ts';
import { asBigintOrNull, asTextOrNull } from '../values.ts';
import { digestOf, FIRST_VERSION_WITH_COMMITS, headOf, NO_HEAD, rowChecksOf } from './chain.ts';
import { type StoredLink, storedLinks } from './chain-table.ts';
import { isSame } from './integrity.ts';
import { problemOf, type StoreProblem } from './store-problem.ts';

interface AuditedConnections {
  /** For the links alone: what is asked of a connection ends what it streams, after 2,048 rows and without a word. */
  readonly links: DuckDBConnection;
  readonly rows: DuckDBConnection;
  readonly archived: DuckDBConnection | null;
}

/** Compares every row with the link of its batch, and every link with the one before; gives how many rows are archived. */
export async function auditLinks(
  { links, rows: connection, archived }: AuditedConnections,
  problems: StoreProblem[],
  onProgress: (rows: bigint) => void,
): Promise<bigint> {
  let head: Uint8Array = NO_HEAD;
  let nextRow = 1n;
  let lastCommit = 0n;
  let archivedRows = 0n;
  for await (const link of storedLinks(links)) {
    const { firstRow, rows, isArchived } = link;
    const lastRow = firstRow + BigInt(rows) - 1n;
    const stored = await readStoredRows(connection, firstRow, lastRow);
    const isAway = isArchived && stored.rowIds.length === 0;
    if (isAway) archivedRows += BigInt(rows);
    if (rows === 0) {
      // Sources were read on to scans that had been recorded before.
    } else if (!isAway) problems.push(...batchProblems(link, stored));
    else if (archived !== null) {
      problems.push(...batchProblems(link, await readStoredRows(archived, firstRow, lastRow, 'archived')));
    }
    // What older links have no room for in their heads, they cannot say.
    const isOld = link.version < FIRST_VERSION_WITH_COMMITS;
    const isAsWritten = !isOld || (link.commitNumber === 0n && link.positions === null);
    const isNext = firstRow === nextRow && link.commitNumber >= lastCommit && isAsWritten;
    const follows = isNext && isSame(headOf(head, link), link.head);
    if (!follows) {
      const detail = `the link of rows ${firstRow} to ${lastRow} does not follow from the one before`;
      problems.push(problemOf('chain-broken', detail, firstRow, null, 'chain'));
    }
    head = link.head;
    lastCommit = link.commitNumber;
    nextRow = lastRow + 1n;
    onProgress(lastRow);
  }
  return archivedRows;
}

const SCAN_ID_COLUMN = EVIDENCE_COLUMNS.findIndex(({ name }) => name === 'scan_id');

/** What of a batch is not what its link says. */
export function batchProblems(link: StoredLink, { rowIds, columns }: StoredRows): StoreProblem[] {
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
    if (seen.has(row)) problems.push(problemOf('row-added', `${place}, is there twice`, row, scanId));
    else if (expected.getUint32(4 * Number(row - firstRow), true) !== checks[index] || isFilledIn(index)) {
      problems.push(problemOf('row-changed', `${place}, is not what it was when it was recorded`, row, scanId));
    }
    seen.add(row);
  }
  for (let row = firstRow; row < firstRow + BigInt(rows); row++) {
    if (!seen.has(row)) problems.push(problemOf('row-missing', `row ${row} is missing`, row));
  }
  if (problems.length > 0) return problems;
  const detail = `rows ${firstRow} to ${firstRow + BigInt(rows) - 1n} were changed together with their checks`;
  return [problemOf('batch-changed', detail, firstRow)];
}

/** Rows that no link knows. */
export async function unlinkedRows(connection: DuckDBConnection, lastRow: bigint): Promise<StoreProblem[]> {
  const result = await connection.runAndReadAll(
    'select row_id, scan_id from evidence where row_id is null or row_id > $1 or row_id < 1 order by row_id',
    [lastRow],
  );
  return result.getRows().map(([rowId, scanId]) => {
    const row = asBigintOrNull(rowId);
    const detail = `row ${row ?? 'without number'}, scan ${asTextOrNull(scanId) ?? 'without id'}, was never recorded`;
    return problemOf('row-added', detail, row, asTextOrNull(scanId));
  });
}
