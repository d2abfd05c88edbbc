import { claimPartition, FencedError, isStorageFailure, type PartitionRecorder } from '../../analytics/index.ts';
import type { Policy } from '../../analytics/judge/index.ts';
import type { RecorderNotices } from '../../analytics/recorder/index.ts';

/** The store of one partition below a folder, owned until it is closed or somebody else claims it. @throws FencedError */
export function openPartitionStore(
  folder: string,
  partition: number,
  notices: RecorderNotices,
  policy: Policy,
): Promise<PartitionRecorder> {
  return claimPartition(folder, partition, { ...notices, onFenced: () => {} }, policy);
}

/**
 * Whether a partition failed for a reason that is not its store's: a newer owner has claimed it, another process still has its
 * files open, or the disk has no room. The member that the group assigns it to claims it again later.
 */
export function mayClaimAgain(error: unknown): boolean {
  return error instanceof FencedError || isStorageFailure(error);
}
