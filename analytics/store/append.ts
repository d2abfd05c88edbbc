import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { Column } from '../../indicium/index.ts';
import { EVIDENCE_COLUMNS } from './schema/columns.ts';
import { CHUNK_ROWS_MAX, ReusedChunk } from './vectors.ts';

/**
 * Appends to one table over one connection. One appender for all transactions: a new one has, like a chunk, room for 2,048
 * rows, which only the garbage collector gives back.
 */
class TableAppender {
  readonly #connection: DuckDBConnection;
  readonly #table: string;
  #appender: DuckDBAppender | null = null;

  constructor(connection: DuckDBConnection, table: string) {
    this.#connection = connection;
    this.#table = table;
  }

  /** Joins an open transaction. A chunk is copied before the next one is asked for. */
  async append(chunks: Iterable<DuckDBDataChunk>): Promise<void> {
    this.#appender ??= await this.#connection.createAppender(this.#table);
    try {
      for (const chunk of chunks) this.#appender.appendDataChunk(chunk);
      this.#appender.flushSync();
    } catch (error) {
      // Else it would write them with the next transaction, or when it is closed.
      this.#appender.clear();
      throw error;
    }
  }

  /** Before the connection is. */
  close(): void {
    this.#appender?.closeSync();
    this.#appender = null;
  }
}

/** Appends values of any type, column by column. */
export class ValueAppender {
  readonly #table: TableAppender;
  readonly #chunk: DuckDBDataChunk;

  constructor(connection: DuckDBConnection, table: string, types: readonly DuckDBType[]) {
    this.#table = new TableAppender(connection, table);
    this.#chunk = DuckDBDataChunk.create(types);
  }

  /** Asks for the columns of some rows at a time. Joins an open transaction. */
  append(rows: number, columnsOf: (from: number, to: number) => DuckDBValue[][]): Promise<void> {
    return this.#table.append(this.#chunks(rows, columnsOf));
  }

  close(): void {
    this.#table.close();
  }

  *#chunks(rows: number, columnsOf: (from: number, to: number) => DuckDBValue[][]): Iterable<DuckDBDataChunk> {
    for (const [from, to] of slicesOf(rows)) {
      this.#chunk.reset();
      this.#chunk.setColumns(columnsOf(from, to));
      yield this.#chunk;
    }
  }
}

/** A batch of evidence, as the columns of its table. */
export interface StoredBatch {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Appends batches of evidence. */
export class EvidenceAppender {
  readonly #table: TableAppender;
  readonly #chunk = new ReusedChunk(EVIDENCE_COLUMNS.map((column) => column.type));

  constructor(connection: DuckDBConnection) {
    this.#table = new TableAppender(connection, 'evidence');
  }

  /** All of them at once: to flush the appender costs 0.6 ms, as much as four batches of one row. Joins an open transaction. */
  append(batches: readonly StoredBatch[]): Promise<void> {
    return this.#table.append(this.#chunks(batches));
  }

  close(): void {
    this.#table.close();
  }

  *#chunks(batches: readonly StoredBatch[]): Iterable<DuckDBDataChunk> {
    for (const { rows, columns } of batches) {
      for (const [from, to] of slicesOf(rows)) yield this.#chunk.filled(columns, from, to);
    }
  }
}

function* slicesOf(rows: number): Iterable<readonly [from: number, to: number]> {
  for (let from = 0; from < rows; from += CHUNK_ROWS_MAX) yield [from, Math.min(from + CHUNK_ROWS_MAX, rows)];
}
