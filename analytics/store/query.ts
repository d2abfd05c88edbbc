import { type DuckDBType, DuckDBTypeId, type DuckDBValue } from '@duckdb/node-api';
import type { StoreReader } from './reader.ts';

/** A value as every output format can show it. Integers beyond 2^53 stay bigint; bytes become base64. */
export type Cell = string | number | bigint | boolean | null | readonly Cell[];

/** What kind of column it is, as far as output formats differ by it. */
export type ColumnKind = 'integer' | 'unsigned' | 'huge' | 'number' | 'boolean' | 'text' | 'texts';

export interface QueryColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

export interface QueryResult {
  readonly columns: readonly QueryColumn[];
  /** Rows in chunks of up to 2,048. */
  readonly chunks: AsyncIterable<readonly (readonly Cell[])[]>;
}

/** The statement is wrong, or asks for what a read-only store refuses. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

export async function query(reader: StoreReader, sql: string): Promise<QueryResult> {
  if (sql.trim() === '') throw new QueryError('an empty statement');
  const result = await reader.stream(sql).catch((error: unknown) => {
    throw new QueryError(error instanceof Error ? error.message : String(error));
  });
  const names = result.deduplicatedColumnNames();
  const columns = result.columnTypes().map((type, index) => ({ name: names[index] ?? '', kind: kindOf(type) }));
  async function* chunks() {
    for await (const rows of result.yieldRows()) yield rows.map((row) => row.map(cellOf));
  }
  return { columns, chunks: chunks() };
}

const INTEGERS = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
]);

function kindOf(type: DuckDBType): ColumnKind {
  if (INTEGERS.has(type.typeId)) return 'integer';
  if (type.typeId === DuckDBTypeId.UBIGINT) return 'unsigned';
  if (type.typeId === DuckDBTypeId.HUGEINT || type.typeId === DuckDBTypeId.UHUGEINT) return 'huge';
  if (type.typeId === DuckDBTypeId.FLOAT || type.typeId === DuckDBTypeId.DOUBLE) return 'number';
  if (type.typeId === DuckDBTypeId.BOOLEAN) return 'boolean';
  return type.typeId === DuckDBTypeId.LIST ? 'texts' : 'text';
}

function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
    return value;
  }
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if ('bytes' in value && value.bytes instanceof Uint8Array) return Buffer.from(value.bytes).toString('base64');
  if ('items' in value && Array.isArray(value.items)) return value.items.map(cellOf);
  return String(value);
}
