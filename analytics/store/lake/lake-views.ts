import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { BASE_TABLES } from '../queries/export.ts';
import { asPattern, parquetFiles } from '../queries/parquet-paths.ts';
import { EVIDENCE_COLUMNS } from '../schema/columns.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { StoreError } from '../store-error.ts';
import { quoted } from '../values.ts';
import { partitionName } from './lake-folder.ts';
import { EVIDENCE } from './lake-tables.ts';
import { filesOf, type LakeFile, type Manifest } from './manifest.ts';

/**
 * The tables of a store as views over the files of one version of a lake, with `prefix` before their names. Nothing is copied: the
 * files stay while the version is kept (VERSION_KEPT_MS after the next one).
 *
 * @throws StoreError naming a file that is missing, or was written by a later program.
 */
export async function createLakeViews(
  connection: DuckDBConnection,
  path: string,
  manifest: Manifest,
  prefix: string,
): Promise<void> {
  const folder = resolve(path);
  for (const file of filesOf(manifest)) refuseUnreadable(folder, file);
  await connection.run(`create view ${prefix}${EVIDENCE} as ${evidenceSql(folder, manifest)}`);
  for (const table of BASE_TABLES) {
    if (table === EVIDENCE) continue;
    const [file] = manifest.tables[`store/${table}`]?.files ?? [];
    if (file === undefined) {
      const where = `${folder}: ${partitionName(manifest.partition)}`;
      throw new StoreError(`${where} has no table ${table} yet: it is being written for the first time`);
    }
    await connection.run(`create view ${prefix}${table} as from ${parquetOf(folder, [file])}`);
  }
}

/** Files of one version, as a connection that may reach nothing else must name them: by path, and by the pattern for it. */
export function pathsOf(path: string, manifest: Manifest): string[] {
  const folder = resolve(path);
  return filesOf(manifest).flatMap((file) => {
    const exact = join(folder, file.path);
    return [...new Set([exact, asPattern(exact)])];
  });
}

/** Lets a connection read these files and nothing else from now on. */
export function onlyFilesSql(paths: readonly string[]): string {
  const allowed = paths.length === 0 ? '' : `set allowed_paths = [${paths.map(quoted).join(', ')}]; `;
  return `${allowed}set enable_external_access = false; set lock_configuration = true;`;
}

/** Rows of the evidence table, of all versions of the store that wrote some. */
export function evidenceSql(folder: string, { tables }: Manifest): string {
  const files = tables[EVIDENCE]?.files ?? [];
  // Binding a statement opens the first file only, unless names of columns are to be compared.
  const perVersion = Map.groupBy(files, ({ schemaVersion }) => schemaVersion);
  const selects = [...perVersion].map(([version, its]) => {
    const columns = EVIDENCE_COLUMNS.map(({ name, type, since = 0 }) =>
      since <= version ? name : `null::${type} as ${name}`,
    );
    return `select ${columns.join(', ')} from ${parquetOf(folder, its)}`;
  });
  if (selects.length > 0) return selects.join(' union all ');
  return `select ${EVIDENCE_COLUMNS.map(({ name, type }) => `null::${type} as ${name}`).join(', ')} where false`;
}

export function parquetOf(folder: string, files: readonly LakeFile[]): string {
  return `read_parquet(${parquetFiles(files.map(({ path }) => join(folder, path)))}, hive_partitioning = false)`;
}

function refuseUnreadable(folder: string, { path, schemaVersion }: LakeFile): void {
  const file = join(folder, path);
  if (!existsSync(file)) {
    throw new StoreError(`${file}: missing from the lake; 'indicia doctor --lake ${folder}' looks at all of it`);
  }
  if (schemaVersion > SCHEMA_VERSION) {
    throw new StoreError(`${file}: of store version ${schemaVersion}; this program reads up to ${SCHEMA_VERSION}`);
  }
}
