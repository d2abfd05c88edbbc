import { type DuckDBConnection, DuckDBDataChunk, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import type { Column } from '../../indicium/index.ts';
import { EVIDENCE_COLUMNS } from './columns.ts';
import { CHUNK_ROWS_MAX, ReusedChunk } from './vectors.ts';

/** Room for rows of some types, which may be used again: see ReusedChunk. */
export function roomFor(types: readonly DuckDBType[]): DuckDBDataChunk {
  return DuckDBDataChunk.create(types);
}

/** Appends values to a table, in as many rounds through that room as they take. Joins an open transaction. */
export async function appendColumns(
  connection: DuckDBConnection,
  table: string,
  room: DuckDBDataChunk,
  rows: number,
  columnsOf: (from: number, to: number) => DuckDBValue[][],
): Promise<void> {
  await withAppender(connection, table, (append) => {
    appendChunks(append, rows, (from, to) => {
      room.reset();
      room.rowCount = to - from;
      room.setColumns(columnsOf(from, to));
      return room;
    });
  });
}

/** A batch of evidence, as the columns of its table. */
export interface StoredBatch {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Appends batches of evidence, over one connection. */
export class EvidenceAppender {
  readonly #connection: DuckDBConnection;
  readonly #chunk = new ReusedChunk(EVIDENCE_COLUMNS.map((column) => column.type));

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /**
   * Joins an open transaction. One appender for all of them: what it costs to flush it, 0.8 ms, is six times what a batch of
   * one row costs.
   */
  async append(batches: readonly StoredBatch[]): Promise<void> {
    await withAppender(this.#connection, 'evidence', (append) => {
      for (const { rows, columns } of batches) {
        appendChunks(append, rows, (from, to) => this.#chunk.filled(columns, from, to));
      }
    });
  }
}

type Append = (chunk: DuckDBDataChunk) => void;

async function withAppender(
  connection: DuckDBConnection,
  table: string,
  work: (append: Append) => void,
): Promise<void> {
  const appender = await connection.createAppender(table);
  try {
    work((chunk) => appender.appendDataChunk(chunk));
  } finally {
    appender.closeSync();
  }
}

function appendChunks(append: Append, rows: number, chunkFor: (from: number, to: number) => DuckDBDataChunk): void {
  for (let from = 0; from < rows; from += CHUNK_ROWS_MAX) append(chunkFor(from, Math.min(from + CHUNK_ROWS_MAX, rows)));
}
