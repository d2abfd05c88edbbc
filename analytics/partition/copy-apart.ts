import { Worker } from 'node:worker_threads';
import { type ToldError, thrownError } from '../recorder/thread-errors.ts';

export interface CopyOrder {
  readonly from: string;
  readonly to: string;
}

export type CopyAnswer =
  | { readonly kind: 'done'; readonly isWhole: boolean }
  | { readonly kind: 'failed'; readonly error: ToldError };

/**
 * As copyStore, in a thread that has ended when this answers, and with it anything that had the copy open to compare
 * it: what DuckDB still holds of a result that nobody read to its end is closed when the garbage is collected. The
 * kernel gives all locks of a process on a file back when the process closes it once, so the owner of the copy would
 * lose its lock to that, minutes later, and the next claim would move files that are in use.
 */
export async function copyApart(from: string, to: string): Promise<boolean> {
  const worker = new Worker(new URL('copy-worker.ts', import.meta.url), {
    workerData: { from, to } satisfies CopyOrder,
  });
  const { promise: exited, resolve, reject } = Promise.withResolvers<void>();
  let answer: CopyAnswer | null = null;
  worker.on('message', (message: CopyAnswer) => {
    answer = message;
  });
  worker.on('error', reject);
  worker.on('exit', () => resolve());
  await exited;
  return isWhole(answer);
}

function isWhole(answer: CopyAnswer | null): boolean {
  if (answer === null) throw new Error('the thread that copies a store ended without an answer');
  if (answer.kind === 'failed') throw thrownError(answer.error);
  return answer.isWhole;
}
