import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { STORE_MEMORY } from '../../limits.ts';
import { refuseName } from '../instance.ts';
import { onlyFilesSql } from '../lake/lake-views.ts';
import {
  type AttachedFile,
  attachReadOnly,
  ownSettings,
  type QueriedFiles,
  QueriedStore,
} from '../queries/queried-store.ts';
import { StoreReader } from '../queries/reader.ts';
import { EVIDENCE_COLUMNS } from '../schema/columns.ts';
import { REGISTRY_TABLES } from '../schema/registry-tables.ts';
import { TABLES_SQL, VIEWS_SQL } from '../schema/schema.ts';
import { asBigint } from '../values.ts';
import { isFolder, isLive, partsOf } from './parts.ts';
import { addSources, newestRegistry, type Source } from './sources.ts';

/**
 * Opens what lies behind the addresses as one store to be read: files, folders of partitions or archives, lakes, and running
 * judges and servers (`http://…`). One file is opened as it is; several are seen through views over all of them, with rows
 * numbered one store after the other.
 *
 * What is found stands in each store; a folder with a union.duckdb has its findings from there alone. What the registry
 * says is taken from the store with the newest list.
 *
 * `token` lets us in where running judges and servers ask for one.
 *
 * @throws StoreError naming the address that cannot be read, and why.
 */
export async function openStores(addresses: readonly string[], token: string | null = null): Promise<StoreReader> {
  const only = onlyFile(addresses);
  if (only !== null) return StoreReader.open(only);
  const { path, attached, files, remove } = await gather(addresses, token);
  try {
    const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY', memory_limit: STORE_MEMORY });
    const connection = await instance.connect();
    const reader = new StoreReader(instance, connection, remove);
    try {
      for (const file of attached) await attachReadOnly(connection, file);
      await connection.run(onlyFilesSql(files));
    } catch (error) {
      reader.close();
      throw error;
    }
    return reader;
  } catch (error) {
    remove();
    throw error;
  }
}

/** The same, to be asked in SQL. @throws StoreError as above. */
export async function openForQueries(addresses: readonly string[], token: string | null = null): Promise<QueriedStore> {
  const { files, onOpened, onClosed } = await locateForQueries(addresses, token);
  try {
    return await QueriedStore.open(files, ownSettings(files.path), onClosed);
  } finally {
    onOpened();
  }
}

/** Files that were found to be whole, for somebody who opens them: this process, or one that is started for it. */
export interface LocatedStore {
  readonly files: QueriedFiles;
  /** To be called when they were opened: until then nobody can write to them. */
  readonly onOpened: () => void;
  /** To be called when they are no longer needed; removes what was made of several stores. */
  readonly onClosed: () => void;
}

/** Fetches what is elsewhere, and looks whether all is whole. @throws StoreError as above. */
export async function locateForQueries(
  addresses: readonly string[],
  token: string | null = null,
): Promise<LocatedStore> {
  const only = onlyFile(addresses);
  if (only !== null) {
    const reader = await StoreReader.open(only);
    return { files: { path: only, others: [], parquet: [] }, onOpened: () => reader.close(), onClosed: () => {} };
  }
  const { path, attached, files, remove } = await gather(addresses, token);
  return { files: { path, others: attached, parquet: files }, onOpened: () => {}, onClosed: remove };
}

function onlyFile(addresses: readonly string[]): string | null {
  const [only] = addresses;
  return addresses.length === 1 && only !== undefined && !isLive(only) && !isFolder(only) ? only : null;
}

/** A file with views over everything behind the addresses. */
interface Gathered {
  readonly path: string;
  /** What the views read from, beside the file. */
  readonly attached: readonly AttachedFile[];
  /** And that they read from without attaching them. */
  readonly files: readonly string[];
  readonly remove: () => void;
}

async function gather(addresses: readonly string[], token: string | null): Promise<Gathered> {
  const parts = addresses.map(partsOf);
  const temporary = await mkdtemp(join(tmpdir(), 'indicia-union-'));
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  try {
    const path = join(temporary, 'union.duckdb');
    refuseName(path);
    const sources: Source[] = [];
    const writing = await DuckDBInstance.create(path, { memory_limit: STORE_MEMORY });
    const building = await writing.connect();
    try {
      // One transaction, since each is flushed to the disk.
      await building.run('begin');
      for (const part of parts) await addSources(building, part, sources, { place: '', folder: temporary, token });
      await createViews(building, sources);
      await building.run('commit');
    } finally {
      building.closeSync();
      writing.closeSync();
    }
    return {
      path,
      attached: sources.flatMap(({ attached }) => attached ?? []),
      files: sources.flatMap(({ files }) => files),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The tables of a store as views over all sources, and the views of a store over these. */
async function createViews(connection: DuckDBConnection, sources: readonly Source[]): Promise<void> {
  // Empty, so that every column is there with its type also where no source has the table.
  await connection.run(`create schema nothing; set schema = 'nothing'; ${TABLES_SQL} set schema = 'main';`);
  const evidence: string[] = [];
  const findings: Source[] = [];
  const numbered = new Map<Source, bigint>();
  let rows = 0n;
  for (const source of sources) {
    numbered.set(source, rows);
    if (source.holds !== 'evidence') findings.push(source);
    if (source.holds === 'findings') continue;
    evidence.push(`select ${NAMES.replace('row_id', `row_id + ${rows} as row_id`)} from ${source.prefix}evidence`);
    rows += source.lastRow ?? (await lastRowIn(connection, source));
  }
  const registry = await newestRegistry(connection, sources);
  const view = (table: string, selects: readonly string[]) =>
    connection.run(`create view ${table} as ${[`from nothing.${table}`, ...selects].join(' union all ')}`);
  await view('evidence', evidence);
  for (const table of NUMBERED) {
    await view(
      table,
      findings.map(
        (source) => `select * replace (row_id + ${numbered.get(source)} as row_id) from ${source.prefix}${table}`,
      ),
    );
  }
  for (const table of PLAIN)
    await view(
      table,
      findings.map(({ prefix }) => `from ${prefix}${table}`),
    );
  await connection.run(
    `create view severity_score as select severity, max(score) as score
     from (${['from nothing.severity_score', ...findings.map(({ prefix }) => `from ${prefix}severity_score`)].join(' union all ')})
     group by severity`,
  );
  for (const table of ['registry_version', 'registry_list', ...REGISTRY_TABLES.map(({ table }) => table)]) {
    await view(table, registry === null ? [] : [`from ${registry.prefix}${table}`]);
  }
  await connection.run(VIEWS_SQL);
}

async function lastRowIn(connection: DuckDBConnection, { prefix }: Source): Promise<bigint> {
  const last = await connection.runAndReadAll(`select coalesce(max(row_id), 0) from ${prefix}evidence`);
  return asBigint(last.getRows()[0]?.[0]);
}

const NAMES = EVIDENCE_COLUMNS.map(({ name }) => name).join(', ');
/** What was found, with the numbers of the rows that it is about. */
const NUMBERED = ['named_scan', 'revision'];
const PLAIN = ['finding', 'case_closing', 'case_closed_scan'];
