import { type DuckDBConnection, DuckDBDataChunk, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import type { Column } from '../../indicium/index.ts';
import { EVIDENCE_COLUMNS } from './columns.ts';
import { CHUNK_ROWS_MAX, chunkOf } from './vectors.ts';

/** Appends values to a table by data chunks. Joins an open transaction. */
export async function appendColumns(
  connection: DuckDBConnection,
  table: string,
  types: readonly DuckDBType[],
  rows: number,
  columnsOf: (from: number, to: number) => DuckDBValue[][],
): Promise<void> {
  await appendChunks(connection, table, rows, (from, to) => {
    const chunk = DuckDBDataChunk.create(types, to - from);
    chunk.setColumns(columnsOf(from, to));
    return chunk;
  });
}

const EVIDENCE_TYPES = EVIDENCE_COLUMNS.map((column) => column.type);

/** Appends a batch of evidence, given as the columns of its table. Joins an open transaction. */
export async function appendEvidence(
  connection: DuckDBConnection,
  rows: number,
  columns: readonly Column[],
): Promise<void> {
  await appendChunks(connection, 'evidence', rows, (from, to) => chunkOf(EVIDENCE_TYPES, columns, from, to));
}

async function appendChunks(
  connection: DuckDBConnection,
  table: string,
  rows: number,
  chunkFor: (from: number, to: number) => DuckDBDataChunk,
): Promise<void> {
  const appender = await connection.createAppender(table);
  try {
    for (let from = 0; from < rows; from += CHUNK_ROWS_MAX) {
      appender.appendDataChunk(chunkFor(from, Math.min(from + CHUNK_ROWS_MAX, rows)));
    }
  } finally {
    appender.closeSync();
  }
}
