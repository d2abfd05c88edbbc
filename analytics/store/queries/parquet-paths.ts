import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store-error.ts';
import { quoted } from '../values.ts';

const IN_PATTERNS = /[*?[]/g;

/**
 * Parquet files as DuckDB reads exactly these. It takes each name for a pattern: the archive `2026[1]` would be read from the
 * folder `20261`.
 *
 * @throws StoreError for a name that no pattern can say.
 */
export function parquetFiles(paths: readonly string[]): string {
  return `[${paths.map((path) => quoted(asPattern(path))).join(', ')}]`;
}

/** The only file that a pattern for it means. */
export function asPattern(path: string): string {
  const pattern = path.replaceAll(IN_PATTERNS, '[$&]');
  if (pattern !== path && path.includes('\\')) {
    throw new StoreError(`${path}: DuckDB cannot name a file with a backslash and one of * ? [ in its path`);
  }
  return pattern;
}

/** Parquet files of a folder, in the order of their names. */
export function parquetIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(folder, name));
}
