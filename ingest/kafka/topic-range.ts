import { randomUUID } from 'node:crypto';
import type { KafkaClient, StoredMessage } from './client-port.ts';
import { SESSION_SECONDS } from './limits.ts';

interface TopicRange {
  readonly partition: number;
  readonly from: bigint;
  /** The offset after the last. */
  readonly to: bigint;
}

/**
 * Shows every message of some ranges of a topic, those of a partition in their order, and changes nothing: the group that it
 * reads with is its own, and commits nothing.
 *
 * @throws KafkaError
 */
export async function readRanges(
  client: KafkaClient,
  { topic, group, ranges }: { readonly topic: string; readonly group: string; readonly ranges: readonly TopicRange[] },
  onMessage: (message: StoredMessage) => void,
  onRecoverableError: (error: Error) => void,
): Promise<void> {
  const filled = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [range.partition, range]));
  if (filled.size === 0) return;
  const next = new Map([...filled.values()].map(({ partition, from }) => [partition, from]));
  const { promise: isRead, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if ([...filled.values()].every(({ partition, to }) => (next.get(partition) ?? 0n) >= to)) resolve();
  };
  const reach = (partition: number, offset: bigint) => {
    if (offset > (next.get(partition) ?? 0n)) next.set(partition, offset);
  };
  const consumer = client.consumer(`${group}-${randomUUID()}`, topic, SESSION_SECONDS * 1000);
  try {
    await consumer.start({
      onAssigned: (partitions) => {
        for (const partition of partitions) {
          const offset = next.get(partition);
          if (offset === undefined) consumer.pause(partition);
          else consumer.seek(partition, offset);
        }
      },
      onMessages: (partition, messages) => {
        const range = filled.get(partition);
        for (const message of messages) {
          if (range === undefined || message.offset >= range.to || message.offset < (next.get(partition) ?? 0n))
            continue;
          reach(partition, message.offset + 1n);
          onMessage(message);
        }
        look();
      },
      // Markers of transactions end a partition that no message ends. The messages before it are handed over in the same turn.
      onPosition: (partition, position) => {
        queueMicrotask(() => {
          reach(partition, position);
          look();
        });
      },
      onFailure: onRecoverableError,
    });
    await isRead;
  } finally {
    await consumer.stop();
  }
}
