import {
  AsyncByteQueue,
  Binary,
  Bool,
  Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalMonthDayNano,
  List,
  Map_,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeNanosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { type Cell, isList } from '../store/cells.ts';
import type { ExactField, ExactType } from '../store/queries/exact-types.ts';
import { QueryError, type QueryResult } from '../store/queries/query.ts';
import { arrowBuffers } from './arrow-buffers.ts';

/**
 * The rows as an Arrow IPC stream, one record batch for each chunk of the result, with the types of exact-types.ts. The
 * buffers are filled here: the library's own builders take times as floating-point milliseconds.
 *
 * @throws QueryError naming the column whose type, or a value of it, Arrow does not have.
 */
export async function* arrowStream(result: QueryResult): AsyncGenerator<Uint8Array> {
  const fields = result.columns.map(({ name, type, sqlType }) => {
    if (hasName(type)) return fieldOf({ name, type });
    throw new QueryError(`column "${name}": Arrow has no exact type for ${sqlType}; cast it to varchar`);
  });
  const schema = new Schema(fields);
  const writer = new RecordBatchStreamWriter();
  const written = new WrittenBytes();
  writer.reset(written, schema);
  for await (const rows of result.rowChunks()) {
    const children = result.columns.map(({ name, type }, index) => {
      const column = rows.map((row) => row[index] ?? null);
      try {
        return dataOf(type, column);
      } catch (error) {
        throw error instanceof QueryError
          ? new QueryError(`column "${name}": ${error.message}`, { cause: error })
          : error;
      }
    });
    const row = new Struct(fields);
    writer.write(new RecordBatch(schema, makeData({ type: row, length: rows.length, nullCount: 0, children })));
    yield* written.take();
  }
  writer.finish();
  yield* written.take();
}

/** What a writer wrote since it was last asked for: its own queue is only read to its end, with the whole answer in it. */
class WrittenBytes extends AsyncByteQueue {
  #pieces: Uint8Array[] = [];

  override write(piece: ArrayBufferView): void {
    // The writer hands over buffers that nothing else writes to.
    this.#pieces.push(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
  }

  take(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}

function hasName(type: ExactType): boolean {
  if (type.kind === 'list') return hasName(type.of);
  if (type.kind === 'struct') return type.fields.every((field) => hasName(field.type));
  if (type.kind === 'map') return hasName(type.key) && hasName(type.value);
  return type.kind !== 'unnamed';
}

/** A UUID is 16 bytes that say so in the way that Arrow's canonical extension types do. */
const UUID_METADATA = new Map([
  ['ARROW:extension:name', 'arrow.uuid'],
  ['ARROW:extension:metadata', ''],
]);

function fieldOf({ name, type }: ExactField, isNullable = true): Field {
  return new Field(name, arrowTypeOf(type), isNullable, type.kind === 'uuid' ? UUID_METADATA : null);
}

const INTEGERS = {
  signed: { 8: Int8, 16: Int16, 32: Int32, 64: Int64 },
  unsigned: { 8: Uint8, 16: Uint16, 32: Uint32, 64: Uint64 },
};
const TIMESTAMPS = {
  second: TimestampSecond,
  millisecond: TimestampMillisecond,
  microsecond: TimestampMicrosecond,
  nanosecond: TimestampNanosecond,
};

/** The type of Arrow that the table in exact-types.ts names. */
function arrowTypeOf(type: ExactType): DataType {
  switch (type.kind) {
    case 'boolean':
      return new Bool();
    case 'integer':
      return new INTEGERS[type.isSigned ? 'signed' : 'unsigned'][type.bits]();
    case 'decimal':
      return new Decimal(type.scale, type.width, 128);
    case 'float':
      return type.bits === 32 ? new Float32() : new Float64();
    case 'uuid':
      return new FixedSizeBinary(16);
    case 'bytes':
      return new Binary();
    case 'date':
      return new DateDay();
    case 'time':
      return type.unit === 'microsecond' ? new TimeMicrosecond() : new TimeNanosecond();
    case 'timestamp':
      return new TIMESTAMPS[type.unit]('UTC');
    case 'interval':
      return new IntervalMonthDayNano();
    case 'list':
      return new List(fieldOf({ name: 'item', type: type.of }));
    case 'struct':
      return new Struct(type.fields.map((field) => fieldOf(field)));
    case 'map':
      return new Map_(entriesField(type));
    default:
      return new Utf8();
  }
}

function entriesField({ key, value }: Extract<ExactType, { kind: 'map' }>) {
  const fields = [fieldOf({ name: 'key', type: key }, false), fieldOf({ name: 'value', type: value })];
  return new Field('entries', new Struct<{ key: DataType; value: DataType }>(fields), false);
}

function dataOf(type: ExactType, cells: readonly Cell[]): Data {
  const { length } = cells;
  const { nullBitmap, nullCount, valueOffsets, data } = arrowBuffers(type, cells);
  const common = { length, nullCount, nullBitmap };
  if (type.kind === 'struct') {
    const children = type.fields.map((field, index) =>
      dataOf(
        field.type,
        cells.map((cell) => itemsOf(cell)[index] ?? null),
      ),
    );
    return makeData({ ...common, type: new Struct(type.fields.map((field) => fieldOf(field))), children });
  }
  if (type.kind === 'list') {
    const child = dataOf(type.of, cells.flatMap(itemsOf));
    return makeData({ ...common, type: new List(fieldOf({ name: 'item', type: type.of })), valueOffsets, child });
  }
  if (type.kind === 'map') {
    const entries = cells.flatMap(itemsOf);
    const field = entriesField(type);
    const children = [type.key, type.value].map((of, index) =>
      dataOf(
        of,
        entries.map((entry) => itemsOf(entry)[index] ?? null),
      ),
    );
    const child = makeData({ type: field.type, length: entries.length, nullCount: 0, children });
    return makeData({ ...common, type: new Map_(field), valueOffsets, child });
  }
  if (type.kind === 'bytes') return makeData({ ...common, type: new Binary(), valueOffsets, data });
  if (type.kind === 'text') return makeData({ ...common, type: new Utf8(), valueOffsets, data });
  const arrow = arrowTypeOf(type);
  const values = new arrow.ArrayType(data.buffer, data.byteOffset, data.byteLength / arrow.ArrayType.BYTES_PER_ELEMENT);
  return new Data(arrow, 0, length, nullCount, [undefined, values, nullBitmap]);
}

function itemsOf(cell: Cell): readonly Cell[] {
  return cell !== null && isList(cell) ? cell : [];
}
