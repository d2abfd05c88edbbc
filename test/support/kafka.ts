import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { answers } from '../../commands/kafka/kafka-command.ts';
import { brokerArtifacts } from '../../commands/kafka/trial-broker/artifacts.ts';
import { BrokerError } from '../../commands/kafka/trial-broker/broker-error.ts';
import { addressesOf, startCluster } from '../../commands/kafka/trial-broker/cluster.ts';
import type { ConsumerEvents, NewMessage, StoredMessage } from '../../ingest/kafka/client-port.ts';
import type { Compression } from '../../ingest/kafka/connection.ts';
import { connectionFor, ensureTopics, topicNamed } from '../../ingest/kafka/index.ts';
import { KafkaJsClient } from '../../ingest/kafka/kafkajs/client.ts';
import type { TopicName } from '../../ingest/kafka/topics.ts';
import { jsonLines } from './command-line.ts';

/** A cluster for the tests of one process. */
export interface TestKafka {
  readonly url: string;
  readonly brokers: readonly string[];
  client(compression?: Compression): KafkaJsClient;
}

/**
 * The brokers of KAFKA_BROKERS, or one of our own for this process, removed after its tests. Null where none can be had,
 * with a line that says so, or a test that fails.
 */
export async function kafkaForTests(): Promise<TestKafka | null> {
  const given = process.env.KAFKA_BROKERS?.split(',');
  if (given !== undefined) return testKafka(given);
  try {
    const artifacts = await brokerArtifacts(process.env);
    const folder = await mkdtemp(join(tmpdir(), 'indicia-kafka-'));
    const cluster = await startCluster(folder, 1, artifacts, answers);
    const kill = () => {
      for (const { pid } of cluster.nodes) tryKill(pid);
    };
    process.on('exit', kill);
    after(async () => {
      kill();
      // A test that failed may have left a client that goes on looking for its brokers.
      setTimeout(() => process.exit(1), EXIT_MS_MAX).unref();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    });
    return testKafka(addressesOf(cluster));
  } catch (error) {
    return withoutKafka(error);
  }
}

/**
 * No broker can be had: a line that says so, or, where INDICIA_KAFKA_REQUIRED is set and for any other error, a test that
 * fails with its words; of what is thrown while a file is loaded, the runner's summary tells none.
 */
export function withoutKafka(error: unknown): null {
  if (error instanceof BrokerError && process.env.INDICIA_KAFKA_REQUIRED === undefined) {
    process.stdout.write(`Kafka is left out: ${error.message}\n`);
    return null;
  }
  it('has a Kafka broker', () => {
    throw error;
  });
  return null;
}

/** A broker of our own that nobody needs any more: nothing in it is to be kept. */
export function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}

export function testKafka(brokers: readonly string[]): TestKafka {
  return {
    brokers,
    url: `kafka://${brokers.join(',')}`,
    client: (compression = 'lz4') => new KafkaJsClient(connectionFor(brokers, { compression }, {})),
  };
}

/** How long messages may be under way on a busy machine, and clients after the last test. */
const WAIT_MS_MAX = 60_000;
const EXIT_MS_MAX = 15_000;
const SESSION_MS = 6_000;

/** Topics of one test, under a prefix of their own. */
export async function freshTopics(kafka: TestKafka, prefix: string, partitions: number): Promise<void> {
  const admin = await kafka.client().admin();
  await ensureTopics(admin, { prefix, partitions, replication: 1 });
  await admin.close();
}

export async function produce(kafka: TestKafka, messages: readonly NewMessage[]): Promise<void> {
  const producer = await kafka.client().producer();
  await producer.send(messages);
  await producer.close();
}

/** Everything that is committed in a topic, by partition and offset, once it holds what `isAll` waits for. */
export async function everythingIn(
  kafka: TestKafka,
  prefix: string,
  name: TopicName,
  isAll: (messages: readonly StoredMessage[]) => boolean = () => true,
): Promise<StoredMessage[]> {
  const topic = topicNamed(prefix, name);
  const client = kafka.client();
  const admin = await client.admin();
  const ends = new Map((await admin.offsets(topic)).map(({ partition, high }) => [partition, high]));
  await admin.close();
  const messages: StoredMessage[] = [];
  const reached = new Map<number, bigint>();
  const done = Promise.withResolvers<void>();
  const look = () => {
    const isAtEnd = [...ends].every(([partition, end]) => (reached.get(partition) ?? 0n) >= end);
    if (isAtEnd && isAll(messages)) done.resolve();
  };
  const consumer = client.consumer(
    `${prefix}everything-${process.pid}-${Math.trunc(performance.now())}`,
    topic,
    SESSION_MS,
  );
  const events: ConsumerEvents = {
    onAssigned: () => {},
    onMessages: (_, taken) => {
      messages.push(...taken);
      look();
    },
    onPosition: (partition, next) => {
      reached.set(partition, next);
      // The messages before this position are handed over in the same turn.
      queueMicrotask(look);
    },
    // It comes back by itself: a broker that was just started is not ready for everything.
    onFailure: () => {},
  };
  const late = setTimeout(() => done.reject(new Error(`${topic} does not hold what was expected`)), WAIT_MS_MAX);
  try {
    await consumer.start(events);
    look();
    await done.promise;
  } finally {
    clearTimeout(late);
    await consumer.stop();
  }
  return messages.toSorted((left, right) => left.partition - right.partition || Number(left.offset - right.offset));
}

/** The objects of messages that are lines of JSON. */
export function linesOf<Line>(messages: readonly StoredMessage[]): Line[] {
  return messages.flatMap(({ value }) => jsonLines<Line>(value?.toString() ?? ''));
}
