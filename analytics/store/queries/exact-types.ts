import {
  DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';

export type TimeUnit = 'second' | 'millisecond' | 'microsecond' | 'nanosecond';

/**
 * What a column of an answer holds, as exactly as SQL says it; every format is made from this. `cells.ts` says how a value
 * of each kind is handed over. `unnamed` has text, which tables, CSV, JSON and XLSX show.
 */
export type ExactType =
  | { readonly kind: 'boolean' | 'text' | 'uuid' | 'bytes' | 'date' | 'interval' }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly isSigned: boolean }
  | { readonly kind: 'decimal'; readonly width: number; readonly scale: number }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'time'; readonly unit: 'microsecond' | 'nanosecond' }
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit }
  | { readonly kind: 'list'; readonly of: ExactType }
  | { readonly kind: 'struct'; readonly fields: readonly ExactField[] }
  | { readonly kind: 'map'; readonly key: ExactType; readonly value: ExactType }
  | { readonly kind: 'unnamed' };

export interface ExactField {
  readonly name: string;
  readonly type: ExactType;
}

/** How values of a type of SQL are written. */
interface TypeMapping {
  readonly sql: string;
  readonly exact: ExactType;
  /** The type of Arrow, as its JavaScript library prints it; null where it has none, and the type is refused by name. */
  readonly arrow: string | null;
  /** The type that DuckDB's own writer of Parquet gets, and that DuckDB reads from the file; null as above. */
  readonly parquet: string | null;
}

type Mapped = readonly [sql: string, exact: ExactType, arrow: string | null, parquet: string | null];

const integer = (bits: 8 | 16 | 32 | 64, isSigned = true): ExactType => ({ kind: 'integer', bits, isSigned });
const WIDE_DIGITS = 38;
const WIDE: ExactType = { kind: 'decimal', width: WIDE_DIGITS, scale: 0 };
const UNNAMED: ExactType = { kind: 'unnamed' };
/** Each timestamp of a store is UTC; a type of SQL that does not say so itself gets a name that does. */
const UTC = 'TIMESTAMP WITH TIME ZONE';

/**
 * The one table of types, for `query --format arrow|parquet` and for the views that a running server gives out as Parquet.
 * DECIMAL, LIST, ARRAY, STRUCT and MAP are made of these, below. HUGEINT, which sums have, is a decimal of 38 digits: a
 * value of 39 digits is refused. Parquet has no seconds and no zone beside nanoseconds; an ENUM keeps its names and loses
 * the list of them. Intervals of Parquet are in milliseconds, and its times of day have no zone of their own.
 */
const SCALARS: ReadonlyMap<DuckDBTypeId, Mapped> = new Map([
  [DuckDBTypeId.BOOLEAN, ['BOOLEAN', { kind: 'boolean' }, 'Bool', 'BOOLEAN']],
  [DuckDBTypeId.TINYINT, ['TINYINT', integer(8), 'Int8', 'TINYINT']],
  [DuckDBTypeId.SMALLINT, ['SMALLINT', integer(16), 'Int16', 'SMALLINT']],
  [DuckDBTypeId.INTEGER, ['INTEGER', integer(32), 'Int32', 'INTEGER']],
  [DuckDBTypeId.BIGINT, ['BIGINT', integer(64), 'Int64', 'BIGINT']],
  [DuckDBTypeId.UTINYINT, ['UTINYINT', integer(8, false), 'Uint8', 'UTINYINT']],
  [DuckDBTypeId.USMALLINT, ['USMALLINT', integer(16, false), 'Uint16', 'USMALLINT']],
  [DuckDBTypeId.UINTEGER, ['UINTEGER', integer(32, false), 'Uint32', 'UINTEGER']],
  [DuckDBTypeId.UBIGINT, ['UBIGINT', integer(64, false), 'Uint64', 'UBIGINT']],
  [DuckDBTypeId.HUGEINT, ['HUGEINT', WIDE, 'Decimal[38e0]', 'DECIMAL(38,0)']],
  [DuckDBTypeId.UHUGEINT, ['UHUGEINT', WIDE, 'Decimal[38e0]', 'DECIMAL(38,0)']],
  [DuckDBTypeId.FLOAT, ['FLOAT', { kind: 'float', bits: 32 }, 'Float32', 'FLOAT']],
  [DuckDBTypeId.DOUBLE, ['DOUBLE', { kind: 'float', bits: 64 }, 'Float64', 'DOUBLE']],
  [DuckDBTypeId.VARCHAR, ['VARCHAR', { kind: 'text' }, 'Utf8', 'VARCHAR']],
  [DuckDBTypeId.ENUM, ['ENUM', { kind: 'text' }, 'Utf8', 'VARCHAR']],
  [DuckDBTypeId.UUID, ['UUID', { kind: 'uuid' }, 'FixedSizeBinary[16]', 'UUID']],
  [DuckDBTypeId.BLOB, ['BLOB', { kind: 'bytes' }, 'Binary', 'BLOB']],
  [DuckDBTypeId.DATE, ['DATE', { kind: 'date' }, 'Date32<DAY>', 'DATE']],
  [DuckDBTypeId.TIME, ['TIME', { kind: 'time', unit: 'microsecond' }, 'Time64<MICROSECOND>', 'TIME']],
  [DuckDBTypeId.TIME_NS, ['TIME_NS', { kind: 'time', unit: 'nanosecond' }, 'Time64<NANOSECOND>', 'TIME_NS']],
  [
    DuckDBTypeId.TIMESTAMP,
    ['TIMESTAMP', { kind: 'timestamp', unit: 'microsecond' }, 'Timestamp<MICROSECOND, UTC>', UTC],
  ],
  [DuckDBTypeId.TIMESTAMP_TZ, [UTC, { kind: 'timestamp', unit: 'microsecond' }, 'Timestamp<MICROSECOND, UTC>', UTC]],
  [DuckDBTypeId.TIMESTAMP_S, ['TIMESTAMP_S', { kind: 'timestamp', unit: 'second' }, 'Timestamp<SECOND, UTC>', UTC]],
  [
    DuckDBTypeId.TIMESTAMP_MS,
    ['TIMESTAMP_MS', { kind: 'timestamp', unit: 'millisecond' }, 'Timestamp<MILLISECOND, UTC>', UTC],
  ],
  [
    DuckDBTypeId.TIMESTAMP_NS,
    ['TIMESTAMP_NS', { kind: 'timestamp', unit: 'nanosecond' }, 'Timestamp<NANOSECOND, UTC>', 'TIMESTAMP_NS'],
  ],
  [DuckDBTypeId.INTERVAL, ['INTERVAL', { kind: 'interval' }, 'Interval<MONTH_DAY_NANO>', null]],
  [DuckDBTypeId.TIME_TZ, ['TIME WITH TIME ZONE', UNNAMED, null, null]],
  [DuckDBTypeId.BIT, ['BIT', UNNAMED, null, null]],
  [DuckDBTypeId.BIGNUM, ['BIGNUM', UNNAMED, null, null]],
  [DuckDBTypeId.UNION, ['UNION', UNNAMED, null, null]],
]);

/** The rows of the table, for the tests and the documentation. */
export const TYPE_MAPPINGS: readonly TypeMapping[] = [...SCALARS.values()].map(([sql, exact, arrow, parquet]) => {
  return { sql, exact, arrow, parquet };
});

/** Of every type; one that is not in the table is `unnamed`. */
export function exactTypeOf(type: DuckDBType): ExactType {
  if (type instanceof DuckDBDecimalType) return { kind: 'decimal', width: type.width, scale: type.scale };
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType)
    return { kind: 'list', of: exactTypeOf(type.valueType) };
  if (type instanceof DuckDBStructType) {
    if (!isNamed(type)) return UNNAMED;
    return {
      kind: 'struct',
      fields: type.entryNames.map((name) => ({ name, type: exactTypeOf(type.typeForEntry(name)) })),
    };
  }
  if (type instanceof DuckDBMapType)
    return { kind: 'map', key: exactTypeOf(type.keyType), value: exactTypeOf(type.valueType) };
  return SCALARS.get(type.typeId)?.[1] ?? UNNAMED;
}

/** The type of SQL in which Parquet gets the values of a column; null where it has none that is exact. */
export function parquetTypeOf(type: DuckDBType): string | null {
  if (type instanceof DuckDBDecimalType) return type.toString();
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const of = parquetTypeOf(type.valueType);
    return of === null ? null : `${of}[]`;
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name) => [name, parquetTypeOf(type.typeForEntry(name))] as const);
    if (!isNamed(type) || fields.some(([, field]) => field === null)) return null;
    return `STRUCT(${fields.map(([name, field]) => `${quotedName(name)} ${field}`).join(', ')})`;
  }
  if (type instanceof DuckDBMapType) {
    const [key, value] = [parquetTypeOf(type.keyType), parquetTypeOf(type.valueType)];
    return key === null || value === null ? null : `MAP(${key}, ${value})`;
  }
  return SCALARS.get(type.typeId)?.[3] ?? null;
}

/**
 * The expression that gives Parquet a column, exactly. In a connection whose zone is UTC: there, a time without a zone in a
 * list or struct is read as UTC, too. An infinite date or time, which no other reader knows, is an error of the query.
 */
export function parquetExpression(name: string, type: DuckDBType): string {
  const column = quotedName(name);
  const cast = `cast(${column} as ${parquetTypeOf(type)})`;
  const value = type.typeId === DuckDBTypeId.TIMESTAMP ? `${column} at time zone 'UTC'` : cast;
  const { kind } = exactTypeOf(type);
  if (kind !== 'date' && kind !== 'timestamp') return `${value} as ${column}`;
  return `case when isfinite(${column}) or ${column} is null then ${value} else error('${INFINITE}') end as ${column}`;
}

/** What is said of such a value in Arrow and Parquet. */
export const INFINITE =
  'an infinite date or time has no counterpart in this format: leave it out, or cast it to varchar';

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What `row(1, 2)` makes has no names. */
function isNamed({ entryNames }: DuckDBStructType): boolean {
  return new Set(entryNames).size === entryNames.length && !entryNames.includes('');
}
