import { type DuckDBConnection, DuckDBDataChunk, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import type { Evidence } from '../evidence.ts';
import { EVIDENCE_COLUMNS } from './columns.ts';

/** DuckDB's own vector size: a chunk cannot hold more. */
const CHUNK_ROWS_MAX = 2_048;

/** Appends columns to a table by data chunks, the fastest way in short of Parquet. Joins an open transaction. */
export async function appendColumns(
  connection: DuckDBConnection,
  table: string,
  types: readonly DuckDBType[],
  rows: number,
  columnsOf: (from: number, to: number) => DuckDBValue[][],
): Promise<void> {
  const appender = await connection.createAppender(table);
  try {
    for (let from = 0; from < rows; from += CHUNK_ROWS_MAX) {
      const to = Math.min(from + CHUNK_ROWS_MAX, rows);
      const chunk = DuckDBDataChunk.create(types, to - from);
      chunk.setColumns(columnsOf(from, to));
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
}

const EVIDENCE_TYPES = EVIDENCE_COLUMNS.map((column) => column.type);

export async function appendEvidence(
  connection: DuckDBConnection,
  evidence: readonly Evidence[],
  firstRowId: bigint,
  source: string,
): Promise<void> {
  await appendColumns(connection, 'evidence', EVIDENCE_TYPES, evidence.length, (from, to) => {
    const rows = evidence.slice(from, to);
    return EVIDENCE_COLUMNS.map(({ value }) =>
      rows.map((row, index) => value(row, firstRowId + BigInt(from + index), source)),
    );
  });
}
