import {
  BLOB,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { type Column, Int32Builder, Int64Builder, TextBuilder } from '../../../indicium/index.ts';
import { asBigintOrNull, asBytesOrNull, asIntegerOrNull, asTextOrNull } from '../values.ts';
import { EVIDENCE_COLUMNS } from './columns.ts';

/** Rows of the evidence table as the columns that were appended, and their numbers. */
export interface StoredRows {
  readonly rowIds: readonly bigint[];
  readonly columns: readonly Column[];
}

const NAMES = EVIDENCE_COLUMNS.map(({ name }) => name).join(', ');

/** The evidence from one row number to another, both included, in their order; `table` is one of the same columns. */
export async function readStoredRows(
  connection: DuckDBConnection,
  firstRow: bigint,
  lastRow: bigint,
  table = 'evidence',
): Promise<StoredRows> {
  const result = await connection.runAndReadAll(
    `select ${NAMES} from ${table} where row_id between $1 and $2 order by row_id`,
    [firstRow, lastRow],
  );
  const values = result.getColumns();
  const rowIds = (values[0] ?? []).map((value) => asBigintOrNull(value) ?? 0n);
  const columns = EVIDENCE_COLUMNS.map(({ type }, index) => columnOf(type, values[index] ?? []));
  return { rowIds, columns };
}

function columnOf(type: DuckDBType, values: readonly DuckDBValue[]): Column {
  if (type === VARCHAR || type === BLOB) {
    const builder = new TextBuilder(values.length);
    for (const value of values) {
      if (type === BLOB) builder.addBytes(asBytesOrNull(value));
      else builder.add(asTextOrNull(value));
    }
    return builder.finish();
  }
  if (type === INTEGER || type === UINTEGER) {
    const builder = new Int32Builder(values.length);
    for (const [row, value] of values.entries()) builder.set(row, asIntegerOrNull(value));
    return builder.finish(values.length);
  }
  const builder = new Int64Builder(values.length);
  for (const [row, value] of values.entries()) builder.setBigint(row, asBigintOrNull(value));
  return builder.finish(values.length);
}
