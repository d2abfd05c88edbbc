import { BIGINT, BLOB, BOOLEAN, blobValue, type DuckDBConnection, INTEGER } from '@duckdb/node-api';
import { ValueAppender } from './append.ts';
import { type Link, NO_HEAD } from './chain.ts';
import { asBigint, asBoolean, asBytes, asInteger } from './values.ts';

/** How far a chain goes: the number of its last row and the head after it. */
export interface ChainEnd {
  readonly rows: bigint;
  readonly head: Uint8Array;
}

/** Appends links. */
export class LinkAppender {
  readonly #table: ValueAppender;

  constructor(connection: DuckDBConnection) {
    this.#table = new ValueAppender(connection, 'chain', [BIGINT, INTEGER, BLOB, BLOB, BLOB, BOOLEAN, INTEGER]);
  }

  /** Joins an open transaction. */
  append(links: readonly Link[]): Promise<void> {
    return this.#table.append(links.length, (from, to) => {
      const some = links.slice(from, to);
      return [
        some.map(({ firstRow }) => firstRow),
        some.map(({ rows }) => rows),
        some.map(({ rowChecks }) => blobValue(rowChecks)),
        some.map(({ digest }) => blobValue(digest)),
        some.map(({ head }) => blobValue(head)),
        some.map(() => false),
        some.map(({ version }) => version),
      ];
    });
  }

  /** Before the connection is. */
  close(): void {
    this.#table.close();
  }
}

export async function chainEnd(connection: DuckDBConnection): Promise<ChainEnd> {
  const result = await connection.runAndReadAll(
    'select first_row + row_count - 1, head from chain order by first_row desc limit 1',
  );
  const [last] = result.getRows();
  return last === undefined ? { rows: 0n, head: NO_HEAD } : { rows: asBigint(last[0]), head: asBytes(last[1]) };
}

/** The head of the chain after this row; null where no batch ends there. */
export async function headAfter(connection: DuckDBConnection, row: bigint): Promise<Uint8Array | null> {
  if (row === 0n) return NO_HEAD;
  const result = await connection.runAndReadAll('select head from chain where first_row + row_count - 1 = $1', [row]);
  const [found] = result.getRows();
  return found === undefined ? null : asBytes(found[0]);
}

export interface StoredLink extends Link {
  /** Its rows have left the file for an archive. */
  readonly isArchived: boolean;
}

/** All links in their order. */
export async function* storedLinks(connection: DuckDBConnection): AsyncGenerator<StoredLink> {
  const result = await connection.stream(
    'select first_row, row_count, row_checks, digest, head, is_archived, version from chain order by first_row',
  );
  for await (const rows of result.yieldRows()) {
    for (const [firstRow, count, rowChecks, digest, head, isArchived, version] of rows) {
      yield {
        firstRow: asBigint(firstRow),
        rows: asInteger(count),
        rowChecks: asBytes(rowChecks),
        digest: asBytes(digest),
        head: asBytes(head),
        isArchived: asBoolean(isArchived),
        version: asInteger(version),
      };
    }
  }
}
