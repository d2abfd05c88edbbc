import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Whole or not at all: a full disk leaves what was there before. */
export function writeWhole(path: string, text: string): void {
  const partial = `${path}.partial`;
  try {
    writeFileSync(partial, text);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
