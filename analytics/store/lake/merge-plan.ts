import { dirname } from 'node:path';
import { EVIDENCE, LINKS } from './lake-tables.ts';
import type { LakeFile, Manifest } from './manifest.ts';

/** When files are merged. */
export interface MergeLimits {
  /** A file with half as many rows is whole: it is not merged again. */
  readonly fullRows: number;
  /** Files of a folder that are merged although they are few rows: a reader opens each. */
  readonly filesMax: number;
}

export const MERGE_LIMITS: MergeLimits = { fullRows: 1_000_000, filesMax: 64 };

/** Only files with less than this part of a whole one are merged for their number: else a slow day would be written again and again. */
const SMALL_PART = 1 / 16;

/** Files of one folder that become one. */
interface Merge {
  readonly table: string;
  /** `YYYY-MM-DD`, null for rows of no day; not given for tables without days. */
  readonly day?: string | null;
  readonly files: readonly LakeFile[];
}

/**
 * What is to be merged next, or null: the files of a day as soon as they have a million rows, and small ones when there are 64. A row
 * is so written twice in a plant that is busy, and at most four times in one that is not.
 */
export function nextMerge({ tables }: Manifest, limits: MergeLimits = MERGE_LIMITS): Merge | null {
  for (const table of [EVIDENCE, LINKS]) {
    const folders = Map.groupBy(tables[table]?.files ?? [], ({ path }) => dirname(path));
    for (const [folder, files] of folders) {
      const chosen = chosenOf(files, table === EVIDENCE, limits);
      if (chosen === null) continue;
      const [, day] = /day=([^/]+)/.exec(folder) ?? [];
      return { table, files: chosen, ...(table === EVIDENCE && { day: isDay(day) ? day : null }) };
    }
  }
  return null;
}

function chosenOf(
  files: readonly LakeFile[],
  isEvidence: boolean,
  { fullRows, filesMax }: MergeLimits,
): readonly LakeFile[] | null {
  const unfinished = files.filter(({ rows }) => rows < fullRows / 2);
  const rowsOf = (some: readonly LakeFile[]) => some.reduce((sum, { rows }) => sum + rows, 0);
  if (isEvidence && rowsOf(unfinished) >= fullRows) return unfinished;
  const small = unfinished.filter(({ rows }) => rows < fullRows * SMALL_PART);
  return small.length >= filesMax ? small : null;
}

function isDay(text: string | undefined): text is string {
  return text !== undefined && /^\d/.test(text);
}
