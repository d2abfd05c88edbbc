import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { StorePorts } from '../audit/author.ts';
import { REGISTRY_SEALS } from '../audit/seals.ts';
import { EVIDENCE_COLUMNS } from '../schema/columns.ts';
import { REGISTRY_TABLES } from '../schema/registry-tables.ts';
import { Store } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { quoted } from '../values.ts';
import { isFolder, type Parts, partsOf, unionPath } from './parts.ts';
import { addSources, newestRegistry, type Source } from './sources.ts';

const NAMES = EVIDENCE_COLUMNS.map(({ name }) => name).join(', ');

/**
 * Brings the store of a folder, `union.duckdb`, up to what its partitions and archives hold, so that detectors see
 * together what lies in different partitions. What it has already stays; the newest trust list is taken over.
 *
 * @returns the path of the store
 * @throws StoreError naming the partition that is open elsewhere, not whole or of another version.
 */
export async function gatherFolder(folder: string, ports: StorePorts = {}): Promise<string> {
  if (!isFolder(folder)) throw new StoreError(`${folder}: not a folder of partitions`);
  const path = unionPath(folder);
  const parts = { ...partsOf(folder), union: null };
  const temporary = await mkdtemp(join(tmpdir(), 'indicia-union-'));
  try {
    const store = await Store.open(path, ports);
    try {
      await bringUp(store, parts, temporary);
    } finally {
      store.close();
    }
  } finally {
    await rm(temporary, { recursive: true });
  }
  return path;
}

async function bringUp(store: Store, parts: Parts, temporary: string): Promise<void> {
  const { connection } = store;
  const sources: Source[] = [];
  await connection.run(`attach ${quoted(join(temporary, 'scratch.duckdb'))} as scratch`);
  await addSources(connection, parts, sources, { place: 'scratch.', folder: temporary, token: null });
  const registry = await newestRegistry(connection, sources);
  await store.fill('gathered', REGISTRY_SEALS, async () => {
    for (const { prefix } of sources) await gather(connection, prefix);
    if (registry !== null) await takeRegistry(connection, registry.prefix);
    return { sources: sources.map(({ attached }) => attached?.path ?? null) };
  });
}

/** Rows that are not here yet, whichever part they came from first: one that was archived may still be in its store. */
async function gather(connection: DuckDBConnection, prefix: string): Promise<void> {
  await connection.run(
    `insert into evidence
     select (select coalesce(max(row_id), 0) from evidence) + row_number() over (order by row_id), * exclude (row_id)
     from (select ${NAMES} from ${prefix}evidence anti join evidence using (scan_id, scan_digest))`,
  );
}

async function takeRegistry(connection: DuckDBConnection, prefix: string): Promise<void> {
  const isKnown = await connection.runAndReadAll(
    `select 1 from registry_version semi join ${prefix}registry_version using (version, digest)`,
  );
  if (isKnown.currentRowCount > 0) return;
  for (const table of ['registry_version', 'registry_list', ...REGISTRY_TABLES.map(({ table }) => table)]) {
    await connection.run(`delete from ${table}`);
    await connection.run(`insert into ${table} by name from ${prefix}${table}`);
  }
}
