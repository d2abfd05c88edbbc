import { dirname } from 'node:path';
import { EVIDENCE, LINKS } from './lake-tables.ts';
import type { LakeFile, Manifest } from './manifest.ts';

/** A file of so many rows is whole: it is not merged again. */
export const FULL_ROWS = 1_000_000;
/** Files of a folder that are merged although they are few rows: a reader opens each. */
const FILES_MAX = 64;
/** What is merged for their number is no more than this: else a slow day's rows would be written again and again. */
const SMALL_ROWS = FULL_ROWS / 16;

/** Files of one folder that become one. */
export interface Merge {
  readonly table: string;
  /** `YYYY-MM-DD`, null for rows of no day; not given for tables without days. */
  readonly day?: string | null;
  readonly files: readonly LakeFile[];
}

/**
 * What is to be merged next, or null: the files of a day as soon as they have a million rows, and small ones when there are 64. A row
 * is so written twice in a plant that is busy, and at most four times in one that is not.
 */
export function nextMerge({ tables }: Manifest): Merge | null {
  for (const table of [EVIDENCE, LINKS]) {
    const folders = Map.groupBy(tables[table]?.files ?? [], ({ path }) => dirname(path));
    for (const [folder, files] of folders) {
      const chosen = chosenOf(files, table === EVIDENCE);
      if (chosen === null) continue;
      const [, day] = /day=([^/]+)/.exec(folder) ?? [];
      return { table, files: chosen, ...(table === EVIDENCE && { day: isDay(day) ? day : null }) };
    }
  }
  return null;
}

function chosenOf(files: readonly LakeFile[], isEvidence: boolean): readonly LakeFile[] | null {
  const unfinished = files.filter(({ rows }) => rows < FULL_ROWS / 2);
  const rowsOf = (some: readonly LakeFile[]) => some.reduce((sum, { rows }) => sum + rows, 0);
  if (isEvidence && rowsOf(unfinished) >= FULL_ROWS) return unfinished;
  const small = unfinished.filter(({ rows }) => rows < SMALL_ROWS);
  return small.length >= FILES_MAX ? small : null;
}

function isDay(text: string | undefined): text is string {
  return text !== undefined && /^\d/.test(text);
}
