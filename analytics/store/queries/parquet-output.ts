import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quoted } from '../values.ts';
import { parquetExpression, parquetTypeOf, quotedName } from './exact-types.ts';
import { QueryError, type QueryResult } from './query.ts';

/**
 * The rows as a Parquet file, by DuckDB's own writer, with the types of exact-types.ts. The store that was asked may not write
 * files, so its vectors go through a database of their own in memory, and through a temporary file, since Parquet ends with what its
 * beginning refers to.
 *
 * @throws QueryError naming the column whose type, or a value of it, Parquet does not have.
 */
export async function* parquetFile(result: QueryResult, memory: string): AsyncGenerator<Uint8Array> {
  for (const { name, sqlType } of result.columns) {
    if (parquetTypeOf(sqlType) !== null) continue;
    throw new QueryError(`column ${quotedName(name)}: Parquet has no exact type for ${sqlType}; cast it to varchar`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'indicia-parquet-'));
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: memory, temp_directory: folder });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    await fill(connection, result);
    const path = join(folder, 'result.parquet');
    const columns = result.columns.map(({ name, sqlType }) => parquetExpression(name, sqlType));
    await connection
      .run(`copy (select ${columns.join(', ')} from result) to ${quoted(path)} (format parquet)`)
      .catch(refuseValues);
    for await (const chunk of createReadStream(path)) {
      if (Buffer.isBuffer(chunk)) yield chunk;
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

async function fill(connection: DuckDBConnection, result: QueryResult): Promise<void> {
  const columns = result.columns.map(({ name, sqlType }) => `${quotedName(name)} ${sqlType}`);
  await connection.run(`create table result (${columns.join(', ')})`);
  const appender = await connection.createAppender('result');
  try {
    for await (const chunk of result.dataChunks()) appender.appendDataChunk(chunk);
  } finally {
    appender.closeSync();
  }
}

/** A value that does not fit is the query's; anything else, such as a full disk, is not. */
function refuseValues(error: unknown): never {
  if (error instanceof Error && /^(Conversion|Invalid Input|Out of Range) Error/.test(error.message)) {
    throw new QueryError(error.message, { cause: error });
  }
  throw error;
}
