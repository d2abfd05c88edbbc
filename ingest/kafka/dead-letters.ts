import type { KafkaClient, PartitionOffsets } from './client-port.ts';
import { type LetterSummary, letterSummary } from './messages/letter-summary.ts';
import { readRanges } from './topic-range.ts';
import { groupNamed, topicNamed } from './topics.ts';

/** Where dead letters may be put back to. */
export function redrivableTopics(prefix: string): ReadonlySet<string> {
  return new Set([topicNamed(prefix, 'scans'), topicNamed(prefix, 'readings')]);
}

interface DeadLetterQuery {
  readonly prefix: string;
  /** Only those that were not put back yet. */
  readonly isWaiting: boolean;
  readonly onRecoverableError: (error: Error) => void;
}

/**
 * Shows every dead letter that is there when it begins, those of a partition in their order; leaves all as they are.
 *
 * @throws KafkaError
 */
export async function eachDeadLetter(
  client: KafkaClient,
  { prefix, isWaiting, onRecoverableError }: DeadLetterQuery,
  onLetter: (letter: LetterSummary) => void,
): Promise<void> {
  const topic = topicNamed(prefix, 'dead-letters');
  const redriven = new Map<number, bigint>();
  const admin = await client.admin();
  let offsets: PartitionOffsets[];
  try {
    offsets = await admin.offsets(topic);
    for (const { partition, low, high } of offsets) {
      const next = await admin.groupOffset(groupNamed(prefix, 'indicia-redrive'), topic, partition);
      // As a redrive takes it: what is out of the topic's bounds is of one that was here before.
      redriven.set(partition, next === null || next < low || next > high ? low : next);
    }
  } finally {
    await admin.close();
  }
  const topics = redrivableTopics(prefix);
  const startOf = (partition: number) => redriven.get(partition) ?? 0n;
  const ranges = offsets.map(({ partition, low, high }) => {
    return { partition, from: isWaiting ? startOf(partition) : low, to: high };
  });
  await readRanges(
    client,
    { topic, group: groupNamed(prefix, 'indicia-dead-letters'), ranges },
    (letter) => onLetter(letterSummary(letter, topics, startOf(letter.partition))),
    onRecoverableError,
  );
}
