import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FETCH_TIMEOUT_MS, FETCHED_BYTES_MAX } from '../../limits.ts';
import { BASE_TABLES } from '../export.ts';
import { StoreError } from '../instance.ts';

/** Where a running judge or server gives out a view: the path below its address. */
export function viewPath(view: string): string {
  return `v1/evidence/${view}.parquet`;
}

/**
 * Fetches the tables of a running store into a folder, as `TABLE.parquet`. Each is as it was when it was asked for.
 *
 * @throws StoreError naming the address where nobody answers, or answers with something else.
 */
export async function fetchTables(address: string, folder: string): Promise<void> {
  const base = address.endsWith('/') ? address : `${address}/`;
  for (const table of BASE_TABLES) {
    const url = new URL(viewPath(table), base);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      if (!response.ok || response.body === null) throw new StoreError(`${url}: answered ${response.status}`);
      await pipeline(Readable.from(response.body), limited(url), createWriteStream(join(folder, `${table}.parquet`)));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`${url}: no judge or server gives out its evidence here: ${reasonOf(error)}`);
    }
  }
}

function limited(url: URL): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.byteLength;
      if (bytes > FETCHED_BYTES_MAX) done(new StoreError(`${url}: more than ${FETCHED_BYTES_MAX} bytes`));
      else done(null, chunk);
    },
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
