import { Consumer, Producer } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import '../ingest/kafka/kafkajs/codecs.ts';
import { type BenchBroker, benchTopics } from './kafka-cluster.ts';

export interface Transfer {
  readonly seconds: number;
  readonly processorSeconds: number;
}

/** Messages from a producer to a consumer of the same library, in one process, from the first sent to the last received. */
export type Client = (
  broker: BenchBroker,
  topic: string,
  messages: readonly Buffer[],
  batch: number,
) => Promise<Transfer>;

const CONSUMED_MS_MAX = 60_000;

function batches(messages: readonly Buffer[], size: number): Buffer[][] {
  return Array.from({ length: Math.ceil(messages.length / size) }, (_, index) =>
    messages.slice(index * size, (index + 1) * size),
  );
}

async function timed(send: () => Promise<void>, received: Promise<void>): Promise<Transfer> {
  const [before, startedAtMs] = [process.cpuUsage(), performance.now()];
  await send();
  const late = setTimeout(() => {
    throw new Error('not all messages arrived');
  }, CONSUMED_MS_MAX);
  await received;
  clearTimeout(late);
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - startedAtMs) / 1000, processorSeconds: (user + system) / 1e6 };
}

export const byKafkaJs: Client = async (broker, topic, messages, batch) => {
  const kafka = new kafkajs.Kafka({ brokers: [...broker.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: `${topic}-kafkajs`, maxWaitTimeInMs: 100 });
  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const [joined, received] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  await consumer.run({
    eachBatch: async ({ batch: { messages: its } }) => {
      count += its.length;
      if (count >= messages.length) received.resolve();
    },
  });
  await joined.promise;
  const send = async () => {
    for (const its of batches(messages, batch)) {
      const sent = its.map((value) => ({ value }));
      await producer.send({ topic, messages: sent, compression: kafkajs.CompressionTypes.LZ4, acks: -1 });
    }
  };
  const transfer = await timed(send, received.promise);
  await producer.disconnect();
  await consumer.disconnect();
  return transfer;
};

export const byPlatformatic: Client = async (broker, topic, messages, batch) => {
  const common = { clientId: 'indicia-bench', bootstrapBrokers: [...broker.brokers] };
  const producer = new Producer<undefined, Buffer, undefined, undefined>({ ...common, idempotent: true });
  const consumer = new Consumer({ ...common, groupId: `${topic}-platformatic` });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 100, autocommit: true });
  const received = Promise.withResolvers<void>();
  let count = 0;
  stream.on('data', () => {
    count += 1;
    if (count >= messages.length) received.resolve();
  });
  const send = async () => {
    for (const its of batches(messages, batch)) {
      await producer.send({ messages: its.map((value) => ({ topic, value })), compression: 'lz4', acks: -1 });
    }
  };
  const transfer = await timed(send, received.promise);
  await consumer.close(true);
  await producer.close();
  return transfer;
};

export async function transferTopic(broker: BenchBroker, prefix: string): Promise<string> {
  await benchTopics(broker, prefix, 4);
  return `${prefix}scans`;
}
