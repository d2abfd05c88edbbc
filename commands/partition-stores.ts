import {
  claimPartition,
  FencedError,
  isStorageFailure,
  type PartitionRecorder,
  type Policy,
  type RecorderNotices,
  StoreError,
} from '../analytics/index.ts';

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
 * Nothing is wrong with the store of a partition: it is another's by now, another process still has its files open, or there is
 * no room for it. Whoever is still meant to have it takes it up again after a while.
 */
export function mayClaimAgain(error: unknown): boolean {
  const isElsewhere = error instanceof StoreError && error.fault === 'open-elsewhere';
  return error instanceof FencedError || isElsewhere || isStorageFailure(error);
}
