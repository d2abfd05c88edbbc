import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * Moves files that were written whole to their places in an archive, and sees to it that files, names and folders are on
 * the disk when it returns: only then may their originals go.
 */
export async function moveIn(staging: string, folder: string): Promise<void> {
  const files = readdirSync(staging, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const folders = new Set([folder, dirname(folder)]);
  for (const file of files) {
    flush(file);
    const place = join(folder, relative(staging, file));
    mkdirSync(dirname(place), { recursive: true });
    renameSync(file, place);
    folders.add(dirname(place)).add(dirname(dirname(place)));
  }
  for (const changed of folders) flush(changed);
  await rm(staging, { recursive: true });
}

/** Puts a file, or the names in a folder, on the disk. */
export function flush(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}
