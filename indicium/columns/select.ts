import { missing } from '../failures/missing.ts';
import { Int32Builder, Int64Builder, TextBuilder } from './builders.ts';
import {
  bigintAt,
  bytesOrNullAt,
  type Column,
  type Int32Column,
  type Int64Column,
  isValid,
  type TextColumn,
} from './column.ts';

/** The named rows of a column, in their order, as a column of its own. */
export function selectInt64(column: Int64Column, rows: readonly number[]): Int64Column {
  const builder = new Int64Builder(rows.length);
  for (const [to, from] of rows.entries()) {
    builder.setBigint(to, isValid(column.valid, from) ? bigintAt(column, from) : null);
  }
  return builder.finish(rows.length);
}

export function selectInt32(column: Int32Column, rows: readonly number[]): Int32Column {
  const builder = new Int32Builder(rows.length);
  for (const [to, from] of rows.entries()) {
    builder.set(to, isValid(column.valid, from) ? (column.values[from] ?? missing('values')) : null);
  }
  return builder.finish(rows.length);
}

export function selectText(column: TextColumn, rows: readonly number[]): TextColumn {
  const builder = new TextBuilder(rows.length);
  for (const from of rows) builder.addBytes(bytesOrNullAt(column, from));
  return builder.finish();
}

/** The same of a column of any kind. */
export function selectColumn(column: Column, rows: readonly number[]): Column {
  if (isText(column)) return selectText(column, rows);
  return isInt64(column) ? selectInt64(column, rows) : selectInt32(column, rows);
}

export function isText(column: Column): column is TextColumn {
  return 'offsets' in column;
}

export function isInt64(column: Column): column is Int64Column {
  return 'words' in column;
}

/** The buffers of columns, for handing them to another thread without copying. */
export function buffersOf(columns: Iterable<Column>): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const column of columns) {
    if (isText(column)) buffers.push(column.offsets.buffer, column.bytes.buffer);
    else buffers.push(isInt64(column) ? column.words.buffer : column.values.buffer);
    if (column.valid !== null) buffers.push(column.valid.buffer);
  }
  return buffers;
}
