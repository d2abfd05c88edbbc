import { dirname } from 'node:path';
import { EVIDENCE, LINKS } from './lake-tables.ts';
import type { LakeFile, Manifest } from './manifest.ts';

/** When files are merged. */
export interface MergeLimits {
  /** A file with half as many rows is whole: it is not merged again. */
  readonly fullRows: number;
  /** Files of about one size that are merged although they are few rows: a reader opens each. */
  readonly filesMax: number;
}

export const MERGE_LIMITS: MergeLimits = { fullRows: 1_000_000, filesMax: 16 };

/** Files are of about one size where their rows differ by less than this factor. */
const SIZE_FACTOR = 8;

/** What came late for a day that is over is merged as soon as it is this part of the largest file: else that would be written again and again. */
const LATE_PART = 1 / 8;

/** Files of one folder and of one version of the schema that become one. */
interface Merge {
  readonly table: string;
  /** `YYYY-MM-DD`, null for rows of no day; not given for tables without days. */
  readonly day?: string | null;
  readonly files: readonly LakeFile[];
  readonly schemaVersion: number;
}

/**
 * What is to be merged next, or null: the files of a folder as soon as they have a million rows, those of about one size when there are
 * 16, and what is left of a day when it is over. A row is written twice in a plant that is busy, and once more for each factor of 16
 * that a write of it is smaller than a whole file.
 */
export function nextMerge({ tables }: Manifest, limits: MergeLimits = MERGE_LIMITS): Merge | null {
  for (const table of [EVIDENCE, LINKS]) {
    const files = tables[table]?.files ?? [];
    const days = files.flatMap(({ path }) => dayOf(path) ?? []).toSorted();
    const newest = days.at(-1) ?? '';
    const groups = Map.groupBy(files, ({ path, schemaVersion }) => `${schemaVersion} ${dirname(path)}`);
    for (const its of groups.values()) {
      const [{ path, schemaVersion } = { path: '', schemaVersion: 0 }] = its;
      const day = dayOf(path);
      const chosen = chosenOf(its, day !== null && day < newest, limits);
      if (chosen !== null) return { table, files: chosen, schemaVersion, ...(table === EVIDENCE && { day }) };
    }
  }
  return null;
}

function chosenOf(
  files: readonly LakeFile[],
  isOver: boolean,
  { fullRows, filesMax }: MergeLimits,
): readonly LakeFile[] | null {
  const unfinished = files.filter(({ rows }) => rows < fullRows / 2);
  const rows = rowsOf(unfinished);
  if (rows >= fullRows) return unfinished;
  const largest = Math.max(0, ...unfinished.map((file) => file.rows));
  if (isOver && unfinished.length > 1 && rows - largest >= largest * LATE_PART) return unfinished;
  const sizes = Map.groupBy(unfinished, (file) => Math.floor(Math.log(Math.max(1, file.rows)) / Math.log(SIZE_FACTOR)));
  return [...sizes.values()].find((its) => its.length >= filesMax) ?? null;
}

function rowsOf(files: readonly LakeFile[]): number {
  return files.reduce((sum, { rows }) => sum + rows, 0);
}

/** Null for a folder without a day, and for rows of no day. */
function dayOf(path: string): string | null {
  return /day=(\d[^/]*)/.exec(path)?.[1] ?? null;
}
