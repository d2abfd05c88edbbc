import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FETCH_TIMEOUT_MS, FETCHED_BYTES_MAX } from '../../limits.ts';
import { BASE_TABLES } from '../queries/export.ts';
import { StoreError } from '../store-error.ts';

/** Where a running judge or server gives out a view: the path below its address. */
export function viewPath(view: string): string {
  return `v1/evidence/${view}.parquet`;
}

/**
 * Fetches the tables of a running store into a folder, as `TABLE.parquet`. Each is as it was when it was asked for.
 *
 * @throws StoreError naming the address where nobody answers, or answers with something else.
 */
export async function fetchTables(address: string, folder: string, token: string | null): Promise<void> {
  for (const table of BASE_TABLES) {
    const url = new URL(viewPath(table), asBase(address));
    try {
      const response = await ask(url, token);
      if (!response.ok || response.body === null) throw new StoreError(`${url}: answered ${response.status}`);
      await pipeline(Readable.from(response.body), limited(url), createWriteStream(join(folder, `${table}.parquet`)));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`${url}: no judge or server gives out its evidence here: ${reasonOf(error)}`, null, null, {
        cause: error,
      });
    }
  }
}

/**
 * Addresses of the stores that a running judge or server has: its own, or one for each partition.
 *
 * @throws StoreError naming the address where nobody answers, or answers with something else.
 */
export async function liveStores(address: string, token: string | null): Promise<string[]> {
  const url = new URL('v1/stores', asBase(address));
  let response: Response;
  try {
    response = await ask(url, token);
  } catch (error) {
    throw new StoreError(`${url}: no judge or server gives out its evidence here: ${reasonOf(error)}`, null, null, {
      cause: error,
    });
  }
  // The address of a single store of several.
  if (response.status === 404) return [address];
  if (!response.ok) throw new StoreError(`${url}: answered ${response.status}`);
  const said: unknown = await response.json().catch(() => null);
  const stores = typeof said === 'object' && said !== null && 'stores' in said ? said.stores : null;
  if (!Array.isArray(stores)) throw new StoreError(`${url}: not a list of stores`);
  return stores.map((path: unknown) => {
    // The server that answers must not send us elsewhere.
    if (typeof path !== 'string' || !/^(?:|partitions\/\d{1,9}\/)$/.test(path)) {
      throw new StoreError(`${url}: names a store that cannot be one: ${path}`);
    }
    return new URL(path, asBase(address)).href;
  });
}

function ask(url: URL, token: string | null): Promise<Response> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
}

function asBase(address: string): string {
  return address.endsWith('/') ? address : `${address}/`;
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
