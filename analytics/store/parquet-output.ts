import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  LIST,
  listValue,
  UBIGINT,
  VARCHAR,
} from '@duckdb/node-api';
import { ValueAppender } from './append.ts';
import type { Cell, ColumnKind, QueryResult } from './query.ts';
import { quoted } from './values.ts';

const TYPES: Record<ColumnKind, DuckDBType> = {
  integer: BIGINT,
  unsigned: UBIGINT,
  huge: HUGEINT,
  number: DOUBLE,
  boolean: BOOLEAN,
  text: VARCHAR,
  texts: LIST(VARCHAR),
};

/**
 * The rows as a Parquet file. The store that was asked may not write files, so they go through a database of their own
 * in memory, and through a temporary file, since Parquet ends with what its beginning refers to.
 */
export async function* parquetFile(result: QueryResult): AsyncGenerator<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const types = result.columns.map(({ kind }) => TYPES[kind]);
    const columns = result.columns.map(({ name }, index) => `"${name.replaceAll('"', '""')}" ${types[index]}`);
    await connection.run(`create table result (${columns.join(', ')})`);
    const output = new ValueAppender(connection, 'result', types);
    for await (const rows of result.chunks) {
      await output.append(rows.length, (from, to) => {
        const slice = rows.slice(from, to);
        return result.columns.map(({ kind }, index) => slice.map((row) => duckValue(row[index] ?? null, kind)));
      });
    }
    output.close();
    const path = join(folder, 'result.parquet');
    await connection.run(`copy result to ${quoted(path)} (format parquet)`);
    for await (const chunk of createReadStream(path)) {
      if (Buffer.isBuffer(chunk)) yield chunk;
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

function duckValue(cell: Cell, kind: ColumnKind): DuckDBValue {
  if (cell === null) return null;
  if (kind === 'integer' || kind === 'unsigned' || kind === 'huge') return BigInt(String(cell));
  if (kind === 'number') return Number(cell);
  if (kind === 'boolean') return cell === true;
  if (kind === 'text') return String(cell);
  const items: readonly Cell[] = Array.isArray(cell) ? cell : [cell];
  return listValue(items.map((item) => (item === null ? null : String(item))));
}
