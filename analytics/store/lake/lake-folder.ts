import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { link, mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasErrno } from '../../../indicium/index.ts';
import { StoreError } from '../store-error.ts';
import { digestOfText, fieldsOf, jsonOf, LAKE_FORMAT, type Manifest, manifestText, parseManifest } from './manifest.ts';

/** Its presence makes a folder a lake. */
const LAKE_FILE = 'lake.json';
const MANIFESTS = 'manifests';
const MANIFEST = /^(\d{12})\.json$/;
const PARTITION = /^partition=(\d{4,})$/;

/** Under the lake, so that what is written there takes its place by a rename. */
export const STAGING = '.writing';

export function isLake(folder: string): boolean {
  return existsSync(join(folder, LAKE_FILE));
}

/** Makes a lake of an empty or missing folder; one that is there is looked at. @throws StoreError as refuseForeign does. */
export async function makeLake(folder: string): Promise<void> {
  if (!isLake(folder)) {
    await mkdir(folder, { recursive: true });
    const others = readdirSync(folder).filter((name) => name !== STAGING);
    if (others.length > 0) {
      throw new StoreError(`${folder}: neither a lake nor an empty folder: it has ${others[0]}, and no ${LAKE_FILE}`);
    }
    await createFile(
      folder,
      join(folder, LAKE_FILE),
      `${JSON.stringify({ format: LAKE_FORMAT, writer: 'indicia' })}\n`,
    );
  }
  refuseForeign(folder);
}

/** @throws StoreError for a folder that is missing, is no lake, or is one of a later program. */
export function refuseForeign(folder: string): void {
  if (!isLake(folder)) {
    const what = existsSync(folder) ? 'this folder is no lake' : 'no such lake';
    throw new StoreError(`${folder}: ${what}; --lake of 'indicia run' or 'indicia serve' writes one`);
  }
  const path = join(folder, LAKE_FILE);
  const { format } = fieldsOf(jsonOf(readFileSync(path, 'utf8'), path), path);
  if (format === LAKE_FORMAT) return;
  throw new StoreError(`${path}: a lake of format ${String(format)}; this program reads format ${LAKE_FORMAT}`);
}

export function partitionName(partition: number): string {
  return `partition=${String(partition).padStart(4, '0')}`;
}

/** Partitions that have manifests, in the order of their numbers. */
export function partitionsOf(folder: string): number[] {
  const manifests = join(folder, MANIFESTS);
  if (!existsSync(manifests)) return [];
  return readdirSync(manifests)
    .flatMap((name) => PARTITION.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((one, other) => one - other);
}

/** A manifest and the digest that the next one names it by. */
export interface KeptManifest {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly path: string;
}

/** Manifests of a partition that are still there, the newest first, read one by one. */
export function* manifestsOf(folder: string, partition: number): Generator<KeptManifest> {
  const place = join(folder, MANIFESTS, partitionName(partition));
  if (!existsSync(place)) return;
  const versions = readdirSync(place).flatMap((name) => MANIFEST.exec(name)?.[1] ?? []);
  for (const version of versions.sort().toReversed()) {
    const path = join(place, `${version}.json`);
    const text = textOf(path);
    // Its time was over between the look at the folder and the reading.
    if (text === null) continue;
    const manifest = parseManifest(text, path);
    if (manifest.partition !== partition || manifest.version !== Number(version)) {
      throw new StoreError(`${path}: says that it is version ${manifest.version} of partition ${manifest.partition}`);
    }
    yield { manifest, digest: digestOfText(text), path };
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** The number of the newest version of a partition; null for a partition without versions. */
export function newestVersion(folder: string, partition: number): number | null {
  const place = join(folder, MANIFESTS, partitionName(partition));
  if (!existsSync(place)) return null;
  return readdirSync(place).reduce<number | null>((newest, name) => {
    const version = Number(MANIFEST.exec(name)?.[1] ?? Number.NaN);
    return version > (newest ?? -1) ? version : newest;
  }, null);
}

/** The newest manifest of each partition: what a reader sees from now on, whatever is written meanwhile. @throws StoreError */
export function readLake(folder: string): Manifest[] {
  refuseForeign(folder);
  return partitionsOf(folder).flatMap((partition) => {
    const { value } = manifestsOf(folder, partition).next();
    return value === undefined ? [] : [value.manifest];
  });
}

/**
 * Adds a version, and has it on the disk when it answers. False where that version is there already: then another owner was
 * first, and its version stands.
 */
export async function createManifest(folder: string, manifest: Manifest): Promise<KeptManifest | false> {
  const place = join(folder, MANIFESTS, partitionName(manifest.partition));
  await mkdir(place, { recursive: true });
  const path = join(place, `${String(manifest.version).padStart(12, '0')}.json`);
  const text = manifestText(manifest);
  const isCreated = await createFile(folder, path, text);
  return isCreated && { manifest, digest: digestOfText(text), path };
}

/** Whole or not at all, and never over another. */
async function createFile(folder: string, path: string, text: string): Promise<boolean> {
  const staging = join(folder, STAGING);
  await mkdir(staging, { recursive: true });
  const part = join(staging, `${randomUUID()}.json`);
  try {
    await writeFile(part, text, { flush: true });
    await link(part, path);
  } catch (error) {
    // Over NFS, a link whose answer was lost is asked for again, and then it is there.
    if (!hasErrno(error, 'EEXIST') || (await stat(part)).ino !== (await stat(path)).ino) {
      if (!hasErrno(error, 'EEXIST')) throw error;
      return false;
    }
  } finally {
    await rm(part, { force: true });
  }
  await flushPath(dirname(path));
  await flushPath(dirname(dirname(path)));
  return true;
}

/** Puts a file, or the names in a folder, on the disk, and holds up nobody meanwhile. */
export async function flushPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
