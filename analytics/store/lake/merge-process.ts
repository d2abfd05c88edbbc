import { fork } from 'node:child_process';
import { join } from 'node:path';
import { placeOf } from './lake-files.ts';
import { EVIDENCE } from './lake-tables.ts';
import type { LakeWriter } from './lake-writer.ts';
import { MERGE_LIMITS, type MergeLimits, nextMerge } from './merge-plan.ts';

/** What the process that merges is told. */
export interface MergeOrder {
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly to: string;
  readonly isEvidence: boolean;
  readonly rows: number;
  /** Of all of the files. */
  readonly schemaVersion: number;
}

/** Its answer: null, or what went wrong. */
export interface MergeAnswer {
  readonly failure: string | null;
}

interface MergeOptions {
  readonly limits?: MergeLimits;
  /** Carries an order out; gives what went wrong. */
  readonly run?: (order: MergeOrder, signal: AbortSignal) => Promise<string | null>;
}

/**
 * Merges small files of a lake into one, if any are to be merged, in a process of its own that takes only what processor time others
 * leave: sorting a million rows takes two seconds of a core. False where there is nothing to merge, or it was aborted.
 *
 * @throws Error where the files are not what was written, or the disk does not take the new one.
 */
export async function mergeSome(
  writer: LakeWriter,
  signal: AbortSignal,
  { limits = MERGE_LIMITS, run = mergeApart }: MergeOptions = {},
): Promise<boolean> {
  const { manifest, folder } = writer;
  const merge = nextMerge(manifest, limits);
  if (merge === null || signal.aborted) return false;
  const { table, files, day, schemaVersion } = merge;
  const version = manifest.version + 1;
  const place = { folder, partition: manifest.partition, version, table, purpose: 'merge' } as const;
  const { from, to } = await placeOf(day === undefined ? place : { ...place, day });
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const order: MergeOrder = {
    files: files.map(({ path, sha256 }) => ({ path: join(folder, path), sha256 })),
    ...{ to: from, isEvidence: table === EVIDENCE, rows, schemaVersion },
  };
  const failure = await run(order, signal);
  if (signal.aborted) return false;
  if (failure !== null) throw new Error(failure);
  const rowNumbers = files.flatMap(({ firstRow, lastRow }) => [firstRow ?? 0n, lastRow ?? 0n]).toSorted(ascending);
  const span = { firstRow: rowNumbers.at(0) ?? null, lastRow: rowNumbers.at(-1) ?? null };
  await writer.replace(table, new Set(files.map(({ path }) => path)), [
    { table, from, to, rows, ...span, schemaVersion },
  ]);
  return true;
}

function ascending(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}

function mergeApart(order: MergeOrder, signal: AbortSignal): Promise<string | null> {
  const child = fork(new URL('merge-worker.ts', import.meta.url), [], { serialization: 'advanced' });
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  let answer: MergeAnswer | null = null;
  child.on('message', (message: MergeAnswer) => {
    answer = message;
  });
  child.on('error', (error) => resolve(error.message));
  child.on('exit', (code, killedBy) => {
    signal.removeEventListener('abort', kill);
    resolve(answer === null ? `the process that merges ended with ${killedBy ?? code}` : answer.failure);
  });
  child.send(order);
  return promise;
}
