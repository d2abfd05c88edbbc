import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { VERSION_KEY } from '../queries/export.ts';
import { SCHEMA_VERSION } from '../schema/schema.ts';
import { asBigint, quoted } from '../values.ts';
import { flushPath, partitionName, STAGING } from './lake-folder.ts';
import type { LakeFile } from './manifest.ts';

/** A file that was written whole under the lake, and has yet to take its place. */
export interface StagedFile {
  readonly table: string;
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly firstRow: bigint | null;
  readonly lastRow: bigint | null;
  /** Version of the store whose columns it has, where that is not this program's. */
  readonly schemaVersion?: number;
}

/** Where a file of a table belongs, and where it is written first. */
export interface FilePlace {
  readonly folder: string;
  readonly partition: number;
  readonly version: number;
  readonly table: string;
  /** `YYYY-MM-DD`; null for rows of no day, not given for tables without days. */
  readonly day?: string | null;
  /** Steps and merges are written at the same time. */
  readonly purpose: 'step' | 'merge';
}

/** Where files are written before they take their places. */
export function stagingOf(folder: string, partition: number, purpose: FilePlace['purpose']): string {
  return join(folder, STAGING, partitionName(partition), purpose);
}

/** How Hive, and after it every engine, calls the folder of rows whose partition column is null. */
const NO_DAY = '__HIVE_DEFAULT_PARTITION__';

interface PlacedFile {
  readonly from: string;
  readonly to: string;
}

/** A name that no file had before, with the version that is the first to name it. */
export async function placeOf({ folder, partition, version, table, day, purpose }: FilePlace): Promise<PlacedFile> {
  const owner = partitionName(partition);
  const name = `v${String(version).padStart(12, '0')}-${randomUUID().slice(0, 8)}.parquet`;
  const staging = stagingOf(folder, partition, purpose);
  await mkdir(staging, { recursive: true });
  const days = day === undefined ? [] : [`day=${day ?? NO_DAY}`];
  return { from: join(staging, `${table.replaceAll('/', '-')}-${name}`), to: [table, ...days, owner, name].join('/') };
}

/** The version that named a file first; null for a name that this program does not give. */
export function versionOfFile(name: string): number | null {
  const [, version] = /^v(\d{12})-[0-9a-f]{8}\.parquet$/.exec(name) ?? [];
  return version === undefined ? null : Number(version);
}

/** How a file is written. */
interface FileOptions {
  readonly compression: 'snappy' | 'zstd';
  /** Rows of a group, the least that a reader takes in. */
  readonly groupRows: number;
  readonly schemaVersion?: number;
}

/** Costs least, and every reader knows it: most rows are soon written once more, into a larger file. */
const SOON_MERGED: FileOptions = { compression: 'snappy', groupRows: 122_880 };

/** Smaller, and a piece lies among few others of its register set. */
export const MERGED: FileOptions = { compression: 'zstd', groupRows: 30_720 };

/** Writes what a statement selects; gives how many rows that were. */
export async function copyTo(
  connection: DuckDBConnection,
  sql: string,
  path: string,
  { compression, groupRows, schemaVersion = SCHEMA_VERSION }: FileOptions = SOON_MERGED,
): Promise<number> {
  const result = await connection.runAndReadAll(
    `copy (${sql}) to ${quoted(path)} (format parquet, compression ${compression}, row_group_size ${groupRows},
       kv_metadata {${VERSION_KEY}: '${schemaVersion}'})`,
  );
  return Number(asBigint(result.getRows()[0]?.[0]));
}

/** Has files in their places and on the disk when it answers. */
export async function takePlaces(folder: string, staged: readonly StagedFile[]): Promise<Map<string, LakeFile[]>> {
  const tables = new Map<string, LakeFile[]>();
  const folders = new Set<string>();
  for (const { table, from, to, rows, firstRow, lastRow, schemaVersion = SCHEMA_VERSION } of staged) {
    const place = join(folder, to);
    const { bytes, sha256 } = await digestOfFile(from);
    await flushPath(from);
    await mkdir(dirname(place), { recursive: true });
    await rename(from, place);
    for (let changed = dirname(place); changed !== folder; changed = dirname(changed)) folders.add(changed);
    const lakeFile = { path: to, bytes, sha256, rows, schemaVersion, firstRow, lastRow };
    tables.set(table, [...(tables.get(table) ?? []), lakeFile]);
  }
  for (const changed of [...folders, folder]) await flushPath(changed);
  return tables;
}

/** Read in pieces of 64 KiB, so that a thread that judges is never held up for long. */
export async function digestOfFile(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a stream of a file gave something else than bytes');
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { bytes, sha256: hash.digest('hex') };
}
