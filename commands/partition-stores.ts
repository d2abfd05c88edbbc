import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Policy, type RecorderNotices, RecorderThread, StoreError } from '../analytics/index.ts';

/** The store of one partition below a folder, owned until it is closed. @throws StoreError */
export async function openPartitionStore(
  folder: string,
  partition: number,
  notices: RecorderNotices,
  policy: Policy,
): Promise<RecorderThread> {
  await mkdir(folder, { recursive: true });
  return RecorderThread.open(join(folder, `partition-${String(partition).padStart(4, '0')}.duckdb`), notices, policy);
}

/** The store is another's, or not given up yet: nothing is wrong with it. */
export function isStoreTaken(error: unknown): boolean {
  return error instanceof StoreError && error.message.includes('another process has this store open');
}
