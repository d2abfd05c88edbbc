import {
  Bool,
  type DataType,
  Field,
  Float64,
  Int64,
  List,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Uint64,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { Cell, ColumnKind, QueryResult } from './store/query.ts';

/**
 * The rows as an Arrow IPC stream, one record batch for each chunk of the result. Sums, which DuckDB gives 128 bits,
 * and every type that has no plain counterpart are text, so that no digit is lost.
 */
export async function* arrowStream(result: QueryResult): AsyncGenerator<Uint8Array> {
  const schema = new Schema(result.columns.map(({ name, kind }) => new Field(name, typeOf(kind), true)));
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for await (const chunk of result.chunks) writer.write(batchOf(schema, result, chunk));
  writer.finish();
  yield* writer;
}

function typeOf(kind: ColumnKind): DataType {
  if (kind === 'integer') return new Int64();
  if (kind === 'unsigned') return new Uint64();
  if (kind === 'number') return new Float64();
  if (kind === 'boolean') return new Bool();
  return kind === 'texts' ? new List(new Field('item', new Utf8(), true)) : new Utf8();
}

function batchOf(schema: Schema, result: QueryResult, rows: readonly (readonly Cell[])[]): RecordBatch {
  const children = result.columns.map(({ kind }, index) => {
    const values = rows.map((row) => arrowValue(row[index] ?? null, kind));
    const [data] = vectorFromArray(values, typeOf(kind)).data;
    return data ?? makeData({ type: typeOf(kind), length: 0 });
  });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, children }));
}

function arrowValue(cell: Cell, kind: ColumnKind): unknown {
  if (cell === null) return null;
  if (kind === 'integer' || kind === 'unsigned') return BigInt(String(cell));
  if (kind === 'texts')
    return Array.isArray(cell) ? cell.map((item: Cell) => (item === null ? null : String(item))) : [String(cell)];
  return kind === 'number' || kind === 'boolean' ? cell : String(cell);
}
