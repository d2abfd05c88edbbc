import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { STORE_MEMORY } from '../../limits.ts';
import { batchProblems } from '../audit/audit-links.ts';
import { headOf, NO_HEAD } from '../audit/chain.ts';
import { storedLinks } from '../audit/chain-table.ts';
import { isSame } from '../audit/integrity.ts';
import { openForReading } from '../opening.ts';
import { readStoredRows } from '../schema/stored-columns.ts';
import { StoreError } from '../store-error.ts';
import { digestOfFile, versionOfFile } from './lake-files.ts';
import { type KeptManifest, manifestsOf, partitionName, partitionsOf, refuseForeign } from './lake-folder.ts';
import { LINK_COLUMNS, LINKS } from './lake-tables.ts';
import { evidenceSql, parquetOf } from './lake-views.ts';
import { filesOf, type Manifest, NO_COMMIT } from './manifest.ts';
import { isOfChain } from './stage-rows.ts';

/** What is wrong with a lake. */
export interface LakeProblem {
  readonly problem:
    | 'file-missing'
    | 'file-changed'
    | 'file-foreign'
    | 'manifest-broken'
    | 'row-changed'
    | 'row-missing'
    | 'row-added'
    | 'batch-changed'
    | 'chain-broken'
    | 'other-store';
  /** From the folder of the lake on; null where it is not about a file. */
  readonly path: string | null;
  readonly detail: string;
}

interface LakeAudit {
  readonly rows: bigint;
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly LakeProblem[];
  /** The newest version of each partition. */
  readonly manifests: readonly Manifest[];
}

/** Rows that are compared at a time: in memory they take some 150 MB. */
const WINDOW_ROWS = 250_000n;

/**
 * Compares each file of a lake with what its manifests say of it, and each row with the link that it was recorded with. Changes
 * nothing.
 *
 * @throws StoreError for a folder that is missing, is no lake, or is one of a later program.
 */
export async function auditLake(folder: string, onProgress: (rows: bigint) => void): Promise<LakeAudit> {
  refuseForeign(folder);
  const problems: LakeProblem[] = [];
  const newest: Manifest[] = [];
  const named = new Map<string, { readonly bytes: number; readonly sha256: string }>();
  for (const partition of partitionsOf(folder)) {
    const kept = keptManifests(folder, partition, problems);
    for (const { manifest } of kept) for (const file of filesOf(manifest)) named.set(file.path, file);
    const [first] = kept;
    if (first !== undefined) newest.push(first.manifest);
  }
  let bytes = 0;
  for (const [path, expected] of named) {
    const file = join(folder, path);
    if (!existsSync(file)) {
      problems.push({ problem: 'file-missing', path, detail: 'a manifest names it, and it is not there' });
      continue;
    }
    const found = await digestOfFile(file);
    bytes += found.bytes;
    if (found.sha256 === expected.sha256) continue;
    const detail = `${found.bytes} bytes with SHA-256 ${found.sha256} instead of ${expected.bytes} with ${expected.sha256}`;
    problems.push({ problem: 'file-changed', path, detail });
  }
  problems.push(...foreignFiles(folder, named, newest));
  let rows = 0n;
  const faulty = new Set(problems.flatMap(({ problem, path }) => (problem === 'file-foreign' ? [] : (path ?? []))));
  for (const manifest of newest) {
    const isReadable = !filesOf(manifest).some(({ path }) => faulty.has(path));
    if (isReadable) problems.push(...(await rowProblems(folder, manifest, (row) => onProgress(rows + row))));
    rows += manifest.rows;
  }
  return { rows, files: named.size, bytes, problems: stillThere(folder, problems), manifests: newest };
}

/** Without what a writer removed and named meanwhile: a look at a large lake takes minutes. */
function stillThere(folder: string, problems: readonly LakeProblem[]): readonly LakeProblem[] {
  if (!problems.some(({ problem }) => problem === 'file-missing' || problem === 'file-foreign')) return problems;
  const named = new Set<string>();
  for (const partition of partitionsOf(folder)) {
    for (const { manifest } of keptManifests(folder, partition, [])) {
      for (const { path } of filesOf(manifest)) named.add(path);
    }
  }
  return problems.filter(({ problem, path }) => {
    if (path === null) return true;
    if (problem === 'file-missing') return named.has(path) && !existsSync(join(folder, path));
    return problem !== 'file-foreign' || (!named.has(path) && existsSync(join(folder, path)));
  });
}

/** The newest first; each is compared with what the next one calls it by. */
function keptManifests(folder: string, partition: number, problems: LakeProblem[]): KeptManifest[] {
  const kept: KeptManifest[] = [];
  const manifests = manifestsOf(folder, partition);
  for (;;) {
    try {
      const { value, done } = manifests.next();
      if (done === true) return kept;
      const next = kept.at(-1)?.manifest;
      if (next !== undefined && next.previous !== value.digest) {
        const path = relative(folder, value.path);
        problems.push({ problem: 'manifest-broken', path, detail: `not what version ${next.version} came after` });
      }
      kept.push(value);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      problems.push({ problem: 'manifest-broken', path: null, detail: error.message });
      return kept;
    }
  }
}

const OURS = /^(?:lake\.json|union\.duckdb.*|manifests\/.*|\.writing\/.*)$/;

/** Files that no manifest names, but for those that are just being added. */
function foreignFiles(folder: string, named: ReadonlyMap<string, unknown>, newest: readonly Manifest[]): LakeProblem[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry): LakeProblem[] => {
    if (entry.isDirectory()) return [];
    const path = relative(folder, join(entry.parentPath, entry.name));
    if (named.has(path) || OURS.test(path)) return [];
    const version = versionOfFile(entry.name);
    const owner = newest.find(({ partition }) => entry.parentPath.endsWith(`/${partitionName(partition)}`));
    if (version !== null && owner !== undefined && version > owner.version) return [];
    return [{ problem: 'file-foreign', path, detail: 'no manifest names it' }];
  });
}

async function rowProblems(
  folder: string,
  manifest: Manifest,
  onProgress: (row: bigint) => void,
): Promise<LakeProblem[]> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: STORE_MEMORY });
  const connection = await instance.connect();
  const links = await instance.connect();
  try {
    return await compareRows(folder, manifest, { connection, links }, onProgress);
  } finally {
    links.closeSync();
    connection.closeSync();
    instance.closeSync();
  }
}

async function compareRows(
  folder: string,
  manifest: Manifest,
  { connection, links }: { readonly connection: DuckDBConnection; readonly links: DuckDBConnection },
  onProgress: (row: bigint) => void,
): Promise<LakeProblem[]> {
  const problems: LakeProblem[] = [];
  const files = manifest.tables[LINKS]?.files ?? [];
  let head: Uint8Array = NO_HEAD;
  let rows = 0n;
  let windowEnd = 0n;
  const said =
    files.length === 0 ? null : `(select ${LINK_COLUMNS}, false as is_archived from ${parquetOf(folder, files)})`;
  if (said !== null) {
    for await (const link of storedLinks(links, said)) {
      const last = link.firstRow + BigInt(link.rows) - 1n;
      if (last > windowEnd) {
        windowEnd = link.firstRow + WINDOW_ROWS > last ? link.firstRow + WINDOW_ROWS : last;
        const all = evidenceSql(folder, manifest);
        await connection.run(
          `create or replace temp table compared as from (${all}) where row_id between ${link.firstRow} and ${windowEnd}`,
        );
      }
      if (link.rows > 0) {
        for (const { problem, detail } of batchProblems(
          link,
          await readStoredRows(connection, link.firstRow, last, 'compared'),
        )) {
          if (isAboutRows(problem)) problems.push({ problem, path: null, detail });
        }
      }
      if (link.firstRow !== rows + 1n || !isSame(headOf(head, link), link.head)) {
        const detail = `the link of rows ${link.firstRow} to ${last} does not follow from the one before`;
        problems.push({ problem: 'chain-broken', path: null, detail });
      }
      head = link.head;
      rows = last;
      onProgress(rows);
    }
  }
  const end = manifest.commitNumber === NO_COMMIT ? '' : Buffer.from(head).toString('hex');
  if (rows !== manifest.rows || end !== manifest.head) {
    const detail = `version ${manifest.version} says ${manifest.rows} rows, and its links end with row ${rows}`;
    problems.push({ problem: 'chain-broken', path: null, detail });
  }
  const count = (manifest.tables.evidence?.files ?? []).reduce((sum, file) => sum + BigInt(file.rows), 0n);
  if (count !== rows) {
    problems.push({ problem: 'row-added', path: null, detail: `${count} rows where ${rows} were recorded` });
  }
  return problems;
}

function isAboutRows(problem: string): problem is 'row-changed' | 'row-missing' | 'row-added' | 'batch-changed' {
  return problem.startsWith('row-') || problem === 'batch-changed';
}

/** Whether one of the versions of a lake is of this store: its last link is one of the chain. @throws StoreError */
export async function isLakeOf(store: string, manifests: readonly Manifest[]): Promise<boolean> {
  const { instance, connection } = await openForReading(store);
  try {
    for (const manifest of manifests) {
      if (manifest.commitNumber !== NO_COMMIT && (await isOfChain(connection, manifest))) return true;
    }
    return manifests.every(({ commitNumber }) => commitNumber === NO_COMMIT);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
