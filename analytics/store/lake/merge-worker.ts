import { setPriority } from 'node:os';
import process from 'node:process';
import type { MergeAnswer, MergeOrder } from './merge-process.ts';

/** Sorters come first: set before DuckDB makes its threads, which inherit it. */
const NICENESS = 19;
setPriority(NICENESS);

process.once('message', async (order: MergeOrder) => {
  const { merge } = await import('./merge.ts');
  const answer: MergeAnswer = await merge(order).then(
    () => ({ failure: null }),
    (error: unknown) => ({ failure: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(answer, () => process.disconnect?.());
});
