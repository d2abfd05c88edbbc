import { setTimeout as sleep } from 'node:timers/promises';
import { COPY_AGAIN_MS } from '../limits.ts';
import { Recorder, type RecorderPorts } from '../recorder/recorder.ts';
import type { Claimed, Order } from '../recorder/recorder-messages.ts';
import { PartitionFolder } from '../store/partition-folder.ts';
import { copyApart } from './copy-apart.ts';
import { takeOver } from './take-over.ts';

/** Claims a partition and opens its store, in the thread that is going to record. @throws FencedError @throws StoreError */
export async function claim(
  { folder, partition, machine, policy }: Extract<Order, { kind: 'claim' }>,
  ports: RecorderPorts,
): Promise<{ readonly recorder: Recorder; readonly claimed: Claimed }> {
  const place = PartitionFolder.open(folder, partition, `process ${process.pid} on ${machine}`);
  const { epoch, from, opened } = await takeOver(place, {
    machine,
    open: (path, epoch) => Recorder.open(path, ports, policy, { check: () => place.check(epoch) }),
    copy: copyApart,
    wait: () => sleep(COPY_AGAIN_MS),
    onElsewhere: (holder) => {
      const which = holder === null ? 'another process' : `process ${holder}`;
      ports.store?.onNotice?.(`${place.path}: ${which} still has its files open: going on with a copy of them`);
    },
  });
  return { recorder: opened, claimed: { epoch, from, path: place.storePath(epoch) } };
}
