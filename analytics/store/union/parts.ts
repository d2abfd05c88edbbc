import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { refuseMissing } from '../instance.ts';
import { isLake } from '../lake/lake-folder.ts';
import { PartitionFolder, partitionsIn } from '../partition-folder.ts';
import { StoreError } from '../store-error.ts';

/** What lies behind an address that `--db` takes. */
export interface Parts {
  /** Store files, each of one owner. */
  readonly stores: readonly string[];
  /** Folders that `indicia archive` wrote. */
  readonly archives: readonly string[];
  /** Folders that --lake wrote. */
  readonly lakes: readonly string[];
  /** Where running judges and servers give out their views. */
  readonly live: readonly string[];
  /** The store of a folder that says what was found over all its parts; null where there is none. */
  readonly union: string | null;
}

/** In a folder of partitions: the evidence of all of them, and what was found in it. */
const UNION_FILE = 'union.duckdb';

export function unionPath(folder: string): string {
  return join(folder, UNION_FILE);
}

export function isFolder(address: string): boolean {
  return statSync(address, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function isLive(address: string): boolean {
  return /^https?:\/\//.test(address);
}

/** @throws StoreError for a file or folder that is missing, or has nothing in it to be asked. */
export function partsOf(address: string): Parts {
  if (isLive(address)) return { stores: [], archives: [], lakes: [], live: [address], union: null };
  if (!isFolder(address)) {
    refuseMissing(address);
    return { stores: [address], archives: [], lakes: [], live: [], union: null };
  }
  if (isLake(address)) return { stores: [], archives: [], lakes: [address], live: [], union: unionIn(address) };
  const stores = partitionsIn(address).flatMap((partition) => {
    const place = PartitionFolder.open(address, partition);
    const newest = place.newestStore();
    const path = newest === null ? null : place.storePath(newest);
    // One that was claimed a moment ago may have nothing yet.
    return path !== null && existsSync(path) ? [path] : [];
  });
  const folders = [address, ...readdirSync(address).map((name) => join(address, name))];
  const archives = folders.filter((folder) => isFolder(join(folder, 'evidence')) && isFolder(join(folder, 'links')));
  if (stores.length + archives.length === 0) {
    throw new StoreError(
      `${address}: neither partitions with a store nor an archive in this folder, and it is no lake`,
    );
  }
  return { stores, archives, lakes: [], live: [], union: unionIn(address) };
}

function unionIn(folder: string): string | null {
  return existsSync(unionPath(folder)) ? unionPath(folder) : null;
}
