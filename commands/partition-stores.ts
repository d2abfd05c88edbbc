import {
  claimPartition,
  FencedError,
  type PartitionRecorder,
  type Policy,
  type RecorderNotices,
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

/** The partition is another's by now: nothing is wrong with its store. */
export function isPartitionLost(error: unknown): boolean {
  return error instanceof FencedError;
}
