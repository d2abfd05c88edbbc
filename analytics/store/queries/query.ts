import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBResult,
  type DuckDBType,
  StatementType,
} from '@duckdb/node-api';
import { ExpectedError, missing } from '../../../indicium/index.ts';
import { type Cell, cellOf } from '../cells.ts';
import { type ExactType, exactTypeOf } from './exact-types.ts';

interface QueryColumn {
  readonly name: string;
  /** As SQL names it. */
  readonly sqlType: DuckDBType;
  readonly type: ExactType;
}

/** The statement is wrong, or asks for what a read-only store refuses; or its answer does not fit its format. */
export class QueryError extends ExpectedError {
  override readonly name = 'QueryError';
  override readonly failure = 'query';
}

/** An answer, whose rows are read once, in chunks of up to 2,048 and never all together. */
export class QueryResult {
  readonly columns: readonly QueryColumn[];
  readonly #result: DuckDBResult;
  #rowsMax: number;
  #rows = 0;
  #rowsBeyond = 0;

  /** No more than `rowsMax` rows are given out; those beyond can be counted. */
  constructor(result: DuckDBResult, rowsMax = Number.POSITIVE_INFINITY) {
    this.#result = result;
    this.#rowsMax = rowsMax;
    const names = result.deduplicatedColumnNames();
    this.columns = result.columnTypes().map((sqlType, index) => {
      return { name: names[index] ?? missing('names'), sqlType, type: exactTypeOf(sqlType) };
    });
  }

  /** Rows given out so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows given out so far and those that were counted beyond them. */
  get rowsSeen(): number {
    return this.#rows + this.#rowsBeyond;
  }

  /** No further chunk is given out. */
  cut(): void {
    this.#rowsMax = this.#rows;
  }

  /** How many rows there are, once as many as may be were given out. @throws QueryError */
  async countAll(): Promise<number> {
    for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) this.#rowsBeyond += chunk.rowCount;
    return this.rowsSeen;
  }

  /** As DuckDB holds them. @throws QueryError */
  async *dataChunks(): AsyncGenerator<DuckDBDataChunk> {
    while (this.#rows < this.#rowsMax) {
      const chunk = await this.#next();
      if (chunk === null) return;
      const rowsBeyond = this.#rows + chunk.rowCount - this.#rowsMax;
      if (rowsBeyond > 0) {
        chunk.rowCount -= rowsBeyond;
        this.#rowsBeyond += rowsBeyond;
      }
      this.#rows += chunk.rowCount;
      yield chunk;
    }
  }

  /** As above, as values. */
  async *rowChunks(): AsyncGenerator<readonly (readonly Cell[])[]> {
    for await (const chunk of this.dataChunks()) {
      yield chunk.getRows().map((row) => this.columns.map(({ type }, index) => cellOf(row[index] ?? null, type)));
    }
  }

  async #next(): Promise<DuckDBDataChunk | null> {
    const chunk = await this.#result.fetchChunk().catch((error: unknown) => {
      throw new QueryError(messageOf(error), { cause: error });
    });
    return chunk === null || chunk.rowCount === 0 ? null : chunk;
  }
}

/**
 * Asks one statement that reads: SELECT and what DuckDB makes one of (FROM, WITH, VALUES, SHOW, DESCRIBE, SUMMARIZE). Not
 * EXPLAIN: with ANALYZE it carries out what it explains, and DuckDB lets a COPY write over the file that is attached.
 *
 * @throws QueryError for none, for several, and for any other.
 */
export async function query(connection: DuckDBConnection, sql: string, rowsMax?: number): Promise<QueryResult> {
  const statements = await connection.extractStatements(sql).catch((error: unknown) => {
    throw new QueryError(isNothing(error) ? 'there is no statement' : messageOf(error), { cause: error });
  });
  if (statements.count !== 1) throw new QueryError(several(statements.count));
  try {
    const statement = await statements.prepare(0);
    const { statementType } = statement;
    if (statementType !== StatementType.SELECT) {
      throw new QueryError(`only what reads is answered, such as a SELECT: this is ${wordFor(statementType)}`);
    }
    return new QueryResult(await statement.stream(), rowsMax);
  } catch (error) {
    throw error instanceof QueryError ? error : new QueryError(messageOf(error), { cause: error });
  }
}

function several(count: number): string {
  return `one statement at a time: these are ${count} (a PIVOT without a list after IN counts as two)`;
}

function wordFor(type: StatementType): string {
  return (StatementType[type] ?? `statement of kind ${type}`).replaceAll('_', ' ');
}

/** What the binding says where it found nothing but comments and white space. */
function isNothing(error: unknown): boolean {
  return messageOf(error) === 'Error in native callback';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
