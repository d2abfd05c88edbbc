import { accessSync, constants, lstatSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { StoreError } from './store-error.ts';

/** As many as Linux follows. */
const LINKS_MAX = 40;

/**
 * The file of a store behind any links to it, absolute, whether it is there yet or not: its anchor and its write-ahead log lie
 * beside the file, no matter by what name it is opened.
 *
 * @throws StoreError for links that lead round in a circle.
 */
export function storeFile(path: string): string {
  let file = resolve(path);
  for (let links = 0; lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true; links++) {
    if (links === LINKS_MAX) throw new StoreError(`${path}: links that lead round in a circle`);
    file = resolve(dirname(file), readlinkSync(file));
  }
  return file;
}

/** Where DuckDB has the write-ahead log of a store. */
export function walPath(store: string): string {
  return `${storeFile(store)}.wal`;
}

/** Of the file and its write-ahead log, as far as they are there. */
export async function storeBytes(store: string): Promise<number> {
  const sizes = [storeFile(store), walPath(store)].map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((total, size) => total + size, 0);
}

/** Where DuckDB may put what does not fit into memory: beside the store, or elsewhere where nothing can be written there. */
export function spillFolder(store: string): string {
  const file = storeFile(store);
  try {
    accessSync(dirname(file), constants.W_OK);
    return `${file}.tmp`;
  } catch {
    return join(tmpdir(), `indicia-spill-${process.pid}`);
  }
}

/** DuckDB takes what follows for parameters, and puts the write-ahead log under a name without it. */
export function hasParameters(path: string): boolean {
  return storeFile(path).includes('?');
}
