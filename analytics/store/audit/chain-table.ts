import { BIGINT, BLOB, BOOLEAN, blobValue, type DuckDBConnection, type DuckDBValue, INTEGER } from '@duckdb/node-api';
import { ValueAppender } from '../append.ts';
import { asBigint, asBoolean, asBytes, asBytesOrNull, asInteger } from '../values.ts';
import { type Link, NO_HEAD } from './chain.ts';

/** How far a chain goes: the number of its last row and the head after it. */
export interface ChainEnd {
  readonly rows: bigint;
  readonly head: Uint8Array;
}

/** Appends links. */
export class LinkAppender {
  readonly #table: ValueAppender;

  constructor(connection: DuckDBConnection) {
    const types = [BIGINT, BIGINT, BLOB, BLOB, BLOB, BOOLEAN, INTEGER, BIGINT, BLOB];
    this.#table = new ValueAppender(connection, 'chain', types);
  }

  /** Joins an open transaction. */
  append(links: readonly Link[]): Promise<void> {
    return this.#table.append(links.length, (from, to) => {
      const some = links.slice(from, to);
      return [
        some.map(({ firstRow }) => firstRow),
        some.map(({ rows }) => BigInt(rows)),
        some.map(({ rowChecks }) => blobValue(rowChecks)),
        some.map(({ digest }) => blobValue(digest)),
        some.map(({ head }) => blobValue(head)),
        some.map(() => false),
        some.map(({ version }) => version),
        some.map(({ commitNumber }) => commitNumber),
        some.map(({ positions }) => (positions === null ? null : blobValue(positions))),
      ];
    });
  }

  /** Before the connection is. */
  close(): void {
    this.#table.close();
  }
}

export async function chainEnd(connection: DuckDBConnection): Promise<ChainEnd> {
  const [last] = await lastLinks(connection, 1);
  return last === undefined ? { rows: 0n, head: NO_HEAD } : endOf(last);
}

export function endOf({ firstRow, rows, head }: Link): ChainEnd {
  return { rows: firstRow + BigInt(rows) - 1n, head };
}

export interface StoredLink extends Link {
  /** Its rows have left the file for an archive. */
  readonly isArchived: boolean;
}

const COLUMNS = 'first_row, row_count, row_checks, digest, head, is_archived, version, commit_number, positions';
/** From the first to the last. */
export const IN_ORDER = 'order by commit_number, first_row, row_count';
const LAST_FIRST = 'order by commit_number desc, first_row desc, row_count desc';

/** All links in their order; `from` is a relation with the columns of the table. */
export async function* storedLinks(connection: DuckDBConnection, from = 'chain'): AsyncGenerator<StoredLink> {
  const result = await connection.stream(`select ${COLUMNS} from ${from} ${IN_ORDER}`);
  for await (const rows of result.yieldRows()) for (const row of rows) yield linkOf(row);
}

/** The last links, at most so many, the last one first. */
export async function lastLinks(connection: DuckDBConnection, count: number): Promise<StoredLink[]> {
  return linksOf(connection, `${LAST_FIRST} limit ${count}`);
}

/** The last link up to a commit, or null if no link is that old. */
export async function linkUpTo(connection: DuckDBConnection, commitNumber: bigint): Promise<StoredLink | null> {
  return (await linksOf(connection, `where commit_number <= ${commitNumber} ${LAST_FIRST} limit 1`))[0] ?? null;
}

/** The link of version 4 that ends with this row, or null if no link does. */
export async function linkEndingAt(connection: DuckDBConnection, row: bigint): Promise<StoredLink | null> {
  return (await linksOf(connection, `where commit_number = 0 and first_row + row_count - 1 = ${row}`))[0] ?? null;
}

async function linksOf(connection: DuckDBConnection, clauses: string): Promise<StoredLink[]> {
  const result = await connection.runAndReadAll(`select ${COLUMNS} from chain ${clauses}`);
  return result.getRows().map(linkOf);
}

function linkOf(row: readonly DuckDBValue[]): StoredLink {
  const [firstRow, count, rowChecks, digest, head, isArchived, version, commitNumber, positions] = row;
  return {
    firstRow: asBigint(firstRow),
    rows: asInteger(count),
    rowChecks: asBytes(rowChecks),
    digest: asBytes(digest),
    head: asBytes(head),
    isArchived: asBoolean(isArchived),
    version: asInteger(version),
    commitNumber: asBigint(commitNumber),
    positions: asBytesOrNull(positions),
  };
}
