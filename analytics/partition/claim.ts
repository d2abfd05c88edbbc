import { setTimeout as sleep } from 'node:timers/promises';
import { Recorder, type RecorderPorts } from '../recorder.ts';
import type { Claimed, Order } from '../recorder-messages.ts';
import { copyStore } from './copy-store.ts';
import { PartitionFolder } from './partition-folder.ts';
import { takeOver } from './take-over.ts';

/** As long as a small checkpoint takes. */
const COPY_AGAIN_MS = 250;

/** Claims a partition and opens its store, in the thread that is going to record. @throws FencedError @throws StoreError */
export async function claim(
  { folder, partition, machine, policy }: Extract<Order, { kind: 'claim' }>,
  ports: RecorderPorts,
): Promise<{ readonly recorder: Recorder; readonly claimed: Claimed }> {
  const place = PartitionFolder.open(folder, partition);
  const { epoch, from, opened } = await takeOver(place, {
    machine,
    open: (path, epoch) => Recorder.open(path, ports, policy, { check: () => place.check(epoch) }),
    copy: copyStore,
    wait: () => sleep(COPY_AGAIN_MS),
  });
  return { recorder: opened, claimed: { epoch, from, path: place.storePath(epoch) } };
}
