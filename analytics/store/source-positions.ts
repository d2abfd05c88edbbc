import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { asTextOrNull } from './values.ts';

/**
 * How far each source was recorded. Its statements are prepared once: with a transaction for every few dozen scans, to parse
 * and plan them took as long as writing the evidence.
 */
export class SourcePositions {
  readonly #connection: DuckDBConnection;
  #move: DuckDBPreparedStatement | null = null;
  #begin: DuckDBPreparedStatement | null = null;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async of(source: string): Promise<string | null> {
    const sql = 'select position from source_position where source = $1';
    const result = await this.#connection.runAndReadAll(sql, [source]);
    return asTextOrNull(result.getRows()[0]?.[0] ?? null);
  }

  /** Joins an open transaction. */
  async set(source: string, position: string): Promise<void> {
    this.#move ??= await this.#connection.prepare('update source_position set position = $2 where source = $1');
    if ((await bound(this.#move, source, position).run()).rowsChanged > 0) return;
    this.#begin ??= await this.#connection.prepare('insert into source_position values ($1, $2)');
    await bound(this.#begin, source, position).run();
  }

  /** Before the connection is. */
  close(): void {
    this.#move?.destroySync();
    this.#begin?.destroySync();
    this.#move = null;
    this.#begin = null;
  }
}

function bound(statement: DuckDBPreparedStatement, source: string, position: string): DuckDBPreparedStatement {
  statement.bindVarchar(1, source);
  statement.bindVarchar(2, position);
  return statement;
}
