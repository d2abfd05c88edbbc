import { hash } from 'node:crypto';
import { StoreError } from '../store-error.ts';

/** Raised when an earlier program could not read a lake any more. */
export const LAKE_FORMAT = 1;

/** A Parquet file of a lake, as it was when it was written. */
export interface LakeFile {
  /** From the folder of the lake on, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: number;
  /** Version of the store whose columns it has. */
  readonly schemaVersion: number;
  /** Number of the first and of the last row in it; null for tables that are written whole. */
  readonly firstRow: bigint | null;
  readonly lastRow: bigint | null;
}

export interface LakeTable {
  /** Of tables that are written whole: the seal of what was written. */
  readonly seal: string | null;
  readonly files: readonly LakeFile[];
}

/** Which files make up the part of a lake that one store writes, at one moment of that store. */
export interface Manifest {
  readonly partition: number;
  /** Rises by one with each. */
  readonly version: number;
  /** Of the owner of the partition that wrote it; 0 for a store that nobody claims. */
  readonly epoch: bigint;
  /** Milliseconds since 1970; null where there was no clock. */
  readonly writtenAtMs: number | null;
  /** SHA-256 of the manifest before; '' of the first one. */
  readonly previous: string;
  /** Rows of the store, from the first on, that the lake has. */
  readonly rows: bigint;
  /** The last commit of the store whose links it has, NO_COMMIT before there is any; and the head of the chain then, or ''. */
  readonly commitNumber: bigint;
  readonly head: string;
  /** The newest trust list that the store has taken in; null for a store without a trust list. */
  readonly registry: { readonly version: number; readonly digest: string } | null;
  readonly tables: Readonly<Record<string, LakeTable>>;
}

/** Those of version 4 have commit 0. */
export const NO_COMMIT = -1n;

/** Before anything was written. */
export function emptyManifest(partition: number): Manifest {
  return {
    ...{ partition, epoch: 0n, version: 0, writtenAtMs: null, previous: '', rows: 0n },
    ...{ commitNumber: NO_COMMIT, head: '', registry: null, tables: {} },
  };
}

/** Bigints are text: JSON has no integers beyond 2^53. */
export function manifestText(manifest: Manifest): string {
  const withText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  return `${JSON.stringify({ format: LAKE_FORMAT, ...manifest }, withText)}\n`;
}

export function digestOfText(text: string): string {
  return hash('sha256', text);
}

export function filesOf({ tables }: Manifest): readonly LakeFile[] {
  return Object.values(tables).flatMap(({ files }) => files);
}

/** @throws StoreError naming the file where it is not a manifest, or is one of a later program. */
export function parseManifest(text: string, path: string): Manifest {
  const said = fieldsOf(jsonOf(text, path), path);
  const { format, partition, version, epoch, writtenAtMs, previous, rows, commitNumber, head, registry, tables } = said;
  if (typeof format === 'number' && format > LAKE_FORMAT) {
    throw new StoreError(`${path}: a lake of format ${format}; this program reads format ${LAKE_FORMAT}`);
  }
  const isManifest =
    format === LAKE_FORMAT &&
    isCount(partition) &&
    isCount(version) &&
    (writtenAtMs === null || isCount(writtenAtMs)) &&
    isDigest(previous) &&
    isDigest(head);
  if (!isManifest) throw foreign(path);
  return {
    ...{ partition, version, writtenAtMs, previous, head },
    commitNumber: bigintOf(commitNumber, path),
    epoch: bigintOf(epoch, path),
    rows: bigintOf(rows, path),
    registry: registry === null ? null : registryOf(registry, path),
    tables: Object.fromEntries(
      Object.entries(fieldsOf(tables, path)).map(([name, table]) => [name, tableOf(table, path)]),
    ),
  };
}

function registryOf(value: unknown, path: string): Manifest['registry'] {
  const { version, digest } = fieldsOf(value, path);
  if (!isCount(version) || typeof digest !== 'string') throw foreign(path);
  return { version, digest };
}

function tableOf(value: unknown, path: string): LakeTable {
  const { seal, files } = fieldsOf(value, path);
  if ((seal !== null && typeof seal !== 'string') || !Array.isArray(files)) throw foreign(path);
  return { seal, files: files.map((file: unknown) => fileOf(file, path)) };
}

/** What no manifest of ours names: a path that leads out of the lake would let a reader take in any file. */
const FILE =
  /^(?:[a-z_]+\/){1,2}(?:day=(?:\d{4}-\d{2}-\d{2}|__HIVE_DEFAULT_PARTITION__)\/)?partition=\d{4,}\/[\w-]+\.parquet$/;

function fileOf(value: unknown, path: string): LakeFile {
  const { path: name, bytes, sha256, rows, schemaVersion, firstRow, lastRow } = fieldsOf(value, path);
  const isFile =
    typeof name === 'string' &&
    FILE.test(name) &&
    isCount(bytes) &&
    isDigest(sha256) &&
    isCount(rows) &&
    isCount(schemaVersion);
  if (!isFile) throw foreign(path);
  return {
    ...{ path: name, bytes, sha256, rows, schemaVersion },
    firstRow: firstRow === null ? null : bigintOf(firstRow, path),
    lastRow: lastRow === null ? null : bigintOf(lastRow, path),
  };
}

export function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw foreign(path, { cause: error });
  }
}

export function fieldsOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw foreign(path);
  return { ...value };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9a-f]{64})?$/.test(value);
}

function bigintOf(value: unknown, path: string): bigint {
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) throw foreign(path);
  return BigInt(value);
}

function foreign(path: string, options: ErrorOptions = {}): StoreError {
  return new StoreError(`${path}: not what this program writes into a lake`, 'not-whole', null, options);
}
