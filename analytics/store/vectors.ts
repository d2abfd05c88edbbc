import assert from 'node:assert/strict';
import { DuckDBDataChunk, type DuckDBType } from '@duckdb/node-api';
import duckdb, { type DataChunk, type Vector } from '@duckdb/node-bindings';
import { type Column, isInt64, isText, missing, type TextColumn, type Validity } from '../../indicium/index.ts';

/** DuckDB's own vector size: a chunk cannot hold more. */
export const CHUNK_ROWS_MAX = 2_048;

/** A string_t of DuckDB: length, then up to 12 bytes in place, or 4 of them and a pointer. */
const STRING_BYTES = 16;
const IN_PLACE_BYTES_MAX = 12;
const EMPTY_STRINGS = new Uint8Array(CHUNK_ROWS_MAX * STRING_BYTES);

/**
 * A chunk of some columns that is filled again and again. DuckDB gives each chunk room for 2,048 rows, 0.7 MB for the table
 * of evidence; with a new one for every transaction, those of the last fifty were freed together by the garbage
 * collector, which held up every verdict for 20 ms, twice a second.
 */
export class ReusedChunk {
  readonly #chunk: DataChunk;
  readonly #vectors: readonly Vector[];

  constructor(types: readonly DuckDBType[]) {
    this.#chunk = duckdb.create_data_chunk(types.map((type) => type.toLogicalType().logical_type));
    this.#vectors = types.map((_, index) => duckdb.data_chunk_get_vector(this.#chunk, index));
  }

  /**
   * Rows `from` up to `to` of the columns, until it is filled again. `from` is a multiple of the chunk size, so that
   * validity bits start with a word. Integers are copied whole; of texts only those longer than 12 bytes take a call each.
   */
  filled(columns: readonly Column[], from: number, to: number): DuckDBDataChunk {
    assert.equal(columns.length, this.#vectors.length, 'a chunk is filled with as many columns as it has');
    // Forgets texts and validity; vectors stay where they are.
    duckdb.data_chunk_reset(this.#chunk);
    duckdb.data_chunk_set_size(this.#chunk, to - from);
    for (const [index, vector] of this.#vectors.entries()) {
      const column = columns[index];
      assert.ok(column !== undefined);
      if (isText(column)) fillTexts(vector, column, from, to);
      else if (isInt64(column)) copy(vector, column.words.subarray(2 * from, 2 * to));
      else copy(vector, column.values.subarray(from, to));
      copyValidity(vector, column.valid, from, to);
    }
    return new DuckDBDataChunk(this.#chunk);
  }
}

function copy(vector: Vector, values: Uint32Array<ArrayBuffer>): void {
  duckdb.copy_data_to_vector(vector, 0, values.buffer, values.byteOffset, values.byteLength);
}

function copyValidity(vector: Vector, valid: Validity, from: number, to: number): void {
  if (valid === null) return;
  duckdb.vector_ensure_validity_writable(vector);
  const start = from >> 3;
  const bytes = Math.min(valid.length - start, Math.ceil((to - from) / 64) * 8);
  duckdb.copy_data_to_vector_validity(vector, 0, valid.buffer, valid.byteOffset + start, bytes);
}

function fillTexts(vector: Vector, { offsets, bytes }: TextColumn, from: number, to: number): void {
  if (offsets[from] === offsets[to]) {
    // Nothing but nulls or empty texts, as nearly always in five of the columns.
    duckdb.copy_data_to_vector(vector, 0, EMPTY_STRINGS.buffer, 0, (to - from) * STRING_BYTES);
    return;
  }
  const strings = new Uint8Array((to - from) * STRING_BYTES);
  const lengths = new Uint32Array(strings.buffer);
  const long: number[] = [];
  for (let row = from; row < to; row++) {
    const start = offsets[row] ?? missing('offsets');
    const length = (offsets[row + 1] ?? missing('offsets')) - start;
    const at = (row - from) * STRING_BYTES;
    if (length > IN_PLACE_BYTES_MAX) {
      long.push(row);
      continue;
    }
    lengths[at >> 2] = length;
    for (let index = 0; index < length; index++) strings[at + 4 + index] = bytes[start + index] ?? missing('bytes');
  }
  duckdb.copy_data_to_vector(vector, 0, strings.buffer, 0, strings.byteLength);
  for (const row of long) {
    duckdb.vector_assign_string_element_len(vector, row - from, bytes.subarray(offsets[row], offsets[row + 1]));
  }
}
