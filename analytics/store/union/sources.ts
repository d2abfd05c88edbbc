import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { attach } from '../archive.ts';
import { readLake } from '../lake/lake-folder.ts';
import { createLakeViews, pathsOf } from '../lake/lake-views.ts';
import { BASE_TABLES, VERSION_KEY } from '../queries/export.ts';
import { asPattern } from '../queries/parquet-paths.ts';
import { type AttachedFile, attachReadOnly } from '../queries/queried-store.ts';
import { StoreReader } from '../queries/reader.ts';
import { EVIDENCE_COLUMNS } from '../schema/columns.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { StoreError } from '../store-error.ts';
import { asBigintOrNull, asTextOrNull, quoted } from '../values.ts';
import { fetchTables, liveStores } from './fetch-views.ts';
import type { Parts } from './parts.ts';

/** A part as a connection sees it. */
export interface Source {
  /** What stands before the name of each table. */
  readonly prefix: string;
  readonly holds: 'all' | 'evidence' | 'findings';
  readonly hasRegistry: boolean;
  /** The file that is attached; null where its tables were copied. */
  readonly attached: AttachedFile | null;
  /** Files that its views read from. */
  readonly files: readonly string[];
  /** The number of its last row, where that is known without asking. */
  readonly lastRow?: bigint;
}

const NAMES = EVIDENCE_COLUMNS.map(({ name }) => name).join(', ');

/** @throws StoreError also when it is missing, locked, not whole or of another version. */
async function addStore(connection: DuckDBConnection, sources: Source[], path: string, holds: Source['holds']) {
  (await StoreReader.open(path)).close();
  const attached = { path, name: `store_${sources.length}` };
  await attachReadOnly(connection, attached);
  sources.push({ prefix: `${attached.name}.`, holds, hasRegistry: true, attached, files: [] });
}

/** The tables of a running store become tables with a prefix. */
async function loadLive(
  connection: DuckDBConnection,
  address: string,
  prefix: string,
  { folder: temporary, token }: Temporary,
): Promise<void> {
  const folder = await mkdtemp(join(temporary, 'live-'));
  await fetchTables(address, folder, token);
  for (const table of BASE_TABLES) {
    const file = quoted(asPattern(join(folder, `${table}.parquet`)));
    await refuseOtherVersion(connection, file, address);
    await connection.run(`create table ${prefix}${table} as from read_parquet(${file})`);
  }
}

async function refuseOtherVersion(connection: DuckDBConnection, file: string, address: string): Promise<void> {
  const metadata = await connection.runAndReadAll(
    `select value::varchar from parquet_kv_metadata(${file}) where key::varchar = '${VERSION_KEY}'`,
  );
  const version = asTextOrNull(metadata.getRows()[0]?.[0] ?? null);
  if (version === String(SCHEMA_VERSION)) return;
  const said = version === null ? 'without a version' : `of version ${version}`;
  throw new StoreError(`${address}: gives out a store ${said}; this program reads version ${SCHEMA_VERSION}`);
}

/** Archived rows that no store has, which may be there twice when they were copied. */
async function loadArchive(
  connection: DuckDBConnection,
  folder: string,
  prefix: string,
  known: readonly Source[],
): Promise<void> {
  await attach(connection, folder);
  const others = known.filter(({ holds }) => holds !== 'findings').map(({ prefix }) => `${prefix}evidence`);
  const notIn = others.map((other) => `anti join ${other} using (scan_id, scan_digest)`).join(' ');
  await connection.run(`create table ${prefix}evidence as select ${NAMES} from archived ${notIn}`);
}

/** Where what is copied is put: the database of the tables, with a dot, or '' for that of the connection; and a folder. */
interface Temporary {
  readonly place: string;
  readonly folder: string;
  /** Lets us in where running judges and servers ask for one. */
  readonly token: string | null;
}

/** Makes the parts known to a connection, after those that it knows already. */
export async function addSources(
  connection: DuckDBConnection,
  { stores, archives, lakes, live, union }: Parts,
  sources: Source[],
  temporary: Temporary,
): Promise<void> {
  const { place } = temporary;
  for (const path of stores) await addStore(connection, sources, path, union === null ? 'all' : 'evidence');
  for (const address of live) {
    for (const store of await liveStores(address, temporary.token)) {
      const prefix = `${place}live_${sources.length}_`;
      await loadLive(connection, store, prefix, temporary);
      sources.push({ prefix, holds: 'all', hasRegistry: true, attached: null, files: [] });
    }
  }
  for (const lake of lakes) {
    for (const manifest of readLake(lake)) {
      // Claimed, and nothing was written yet.
      if (Object.keys(manifest.tables).length === 0) continue;
      const prefix = `${place}lake_${sources.length}_`;
      await createLakeViews(connection, lake, manifest, prefix);
      const files = pathsOf(lake, manifest);
      const holds = union === null ? 'all' : 'evidence';
      sources.push({ prefix, holds, hasRegistry: true, attached: null, files, lastRow: manifest.rows });
    }
  }
  for (const archive of archives) {
    const prefix = `${place}archive_${sources.length}_`;
    await loadArchive(connection, archive, prefix, sources);
    sources.push({ prefix, holds: 'evidence', hasRegistry: false, attached: null, files: [] });
  }
  if (union !== null) await addStore(connection, sources, union, 'findings');
}

/** The one that knows the newest trust list; null where none knows any. */
export async function newestRegistry(connection: DuckDBConnection, sources: readonly Source[]): Promise<Source | null> {
  let newest: { readonly version: bigint; readonly source: Source } | null = null;
  for (const source of sources) {
    if (!source.hasRegistry) continue;
    const known = await connection.runAndReadAll(`select max(version) from ${source.prefix}registry_version`);
    const version = asBigintOrNull(known.getRows()[0]?.[0] ?? null);
    if (version !== null && version > (newest?.version ?? -1n)) newest = { version, source };
  }
  return newest?.source ?? null;
}
