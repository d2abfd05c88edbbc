import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { PositionDigest } from './audit/position-digest.ts';
import { asText } from './values.ts';

/** How far each source was recorded, as it stands in the table; null where it says two things of one source. */
export async function readPositions(connection: DuckDBConnection): Promise<Map<string, string> | null> {
  const result = await connection.runAndReadAll('select source, position from source_position');
  const positions = new Map(result.getRows().map(([source, position]) => [asText(source), asText(position)]));
  return positions.size === result.currentRowCount ? positions : null;
}

/** Joins an open transaction. A source of which the table said two things is in none of them, and is read from its start. */
export async function writePositions(
  connection: DuckDBConnection,
  positions: ReadonlyMap<string, string>,
): Promise<void> {
  await connection.run('delete from source_position');
  for (const [source, position] of positions) {
    await connection.run('insert into source_position values ($1, $2)', [source, position]);
  }
}

/**
 * How far each source was recorded. Its statements are prepared once: with a transaction for every few dozen scans, to parse
 * and plan them took as long as writing the evidence.
 */
export class SourcePositions {
  readonly #connection: DuckDBConnection;
  #positions: Map<string, string>;
  #digest: PositionDigest;
  #move: DuckDBPreparedStatement | null = null;
  #begin: DuckDBPreparedStatement | null = null;

  constructor(connection: DuckDBConnection, positions: ReadonlyMap<string, string>) {
    this.#connection = connection;
    this.#positions = new Map(positions);
    this.#digest = PositionDigest.of(positions);
  }

  of(source: string): string | null {
    return this.#positions.get(source) ?? null;
  }

  /** The digest of all positions as they are after these moves. */
  digestAfter(moves: ReadonlyMap<string, string>): PositionDigest {
    const digest = this.#digest.copy();
    for (const [source, position] of moves) digest.move(source, this.of(source), position);
    return digest;
  }

  /** What was set is committed. */
  moved(moves: ReadonlyMap<string, string>, digest: PositionDigest): void {
    for (const [source, position] of moves) this.#positions.set(source, position);
    this.#digest = digest;
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
