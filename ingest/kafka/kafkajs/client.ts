import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Kafka, type KafkaConfig, type Message, type Producer, type ProducerConfig } from 'kafkajs';
import type {
  GroupConsumer,
  KafkaAdmin,
  KafkaClient,
  KafkaProducer,
  NewMessage,
  TransactionalProducer,
} from '../client-port.ts';
import type { KafkaConnection } from '../connection.ts';
import { TRANSACTION_MS_MAX } from '../limits.ts';
import { hideAbortedFromFetches } from './aborted.ts';
import { KafkaJsAdmin } from './admin.ts';
import { COMPRESSION_TYPES } from './codecs.ts';
import { KafkaJsConsumer } from './consumer.ts';
import { asking, askingAgain } from './failures.ts';
import { libraryLog } from './library-log.ts';
import { Placements } from './placements.ts';

const CLIENT_ID = 'indicia';
const CONNECT_MS_MAX = 5_000;
const REQUEST_MS_MAX = 30_000;
/** Until a partition has a leader again. */
const LEFT_OUT_MS = 250;
/** Of one request, before a partition is taken up anew: a broker that restarts is away for longer than one retry. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 };

quietTimers();
hideAbortedFromFetches();

/** The client library that the stages run on. */
export class KafkaJsClient implements KafkaClient {
  readonly #kafka: Kafka;
  readonly #connection: KafkaConnection;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
    this.#kafka = new kafkajs.Kafka(configOf(connection));
  }

  async admin(): Promise<KafkaAdmin> {
    const admin = this.#kafka.admin();
    await orNone(admin, () => asking(admin.connect()));
    return new KafkaJsAdmin(admin);
  }

  async producer(): Promise<KafkaProducer> {
    const placements = new Placements('many');
    const producer = this.#producer({ idempotent: true }, placements);
    await orNone(producer, () => askingAgain(() => producer.connect()));
    return {
      send: (messages) => this.#sendAll(messages, producer, placements),
      close: () => producer.disconnect(),
    };
  }

  async transactionalProducer(id: string): Promise<TransactionalProducer> {
    const transactionalId = id;
    const placements = new Placements('one');
    const config = { idempotent: true, transactionalId, transactionTimeout: TRANSACTION_MS_MAX };
    const producer = this.#producer(config, placements);
    await orNone(producer, async () => {
      await asking(producer.connect());
      // kafkajs asks for its epoch, which fences the others and ends what they left open, with its first transaction only.
      const first = await asking(producer.transaction());
      await asking(first.abort());
    });
    return {
      commit: async (messages, { group, topic, partition, next }) => {
        // One that fails is left open: the next producer with this id ends it, and so does the broker after a while.
        const transaction = await asking(producer.transaction());
        const offset = { partition, offset: next.toString() };
        // First, since the brokers may not be done with the transaction before: this may be asked again, messages may not.
        await askingAgain(() => {
          return transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions: [offset] }] });
        });
        if (messages.length > 0)
          await placements.sent(() => asking(transaction.sendBatch(this.#batch(outgoing(messages)))));
        await asking(transaction.commit());
      },
      close: () => producer.disconnect(),
    };
  }

  consumer(group: string, topic: string, sessionMs: number): GroupConsumer {
    return new KafkaJsConsumer(this.#kafka, group, topic, sessionMs);
  }

  #producer(config: ProducerConfig, { partitioner }: Placements) {
    return this.#kafka.producer({
      ...config,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: partitioner,
    });
  }

  /** Outside a transaction, what was left out was not sent, and is sent again by itself. @throws KafkaError */
  async #sendAll(messages: readonly NewMessage[], producer: Producer, placements: Placements): Promise<void> {
    let left = outgoing(messages);
    for (let attempt = 1; left.length > 0; attempt++) {
      const batch = this.#batch(left);
      const unacknowledged = await placements.unacknowledgedAfter(() => asking(producer.sendBatch(batch)));
      left = left.filter(({ message }) => unacknowledged.has(message));
      if (left.length === 0) return;
      if (attempt === RETRY.retries) throw placements.failureOf(unacknowledged);
      await sleep(LEFT_OUT_MS);
    }
  }

  #batch(messages: readonly Outgoing[]): kafkajs.ProducerBatch {
    const topics = Map.groupBy(messages, ({ topic }) => topic);
    return {
      acks: -1,
      compression: COMPRESSION_TYPES[this.#connection.compression],
      topicMessages: [...topics].map(([topic, its]) => ({ topic, messages: its.map(({ message }) => message) })),
    };
  }
}

/** One that could not be opened has connections all the same, which would keep the process from ending. */
async function orNone(client: { disconnect(): Promise<void> }, open: () => Promise<void>): Promise<void> {
  try {
    await open();
  } catch (error) {
    await client.disconnect().catch(() => {});
    throw error;
  }
}

/** A message as kafkajs takes it. */
interface Outgoing {
  readonly topic: string;
  readonly message: Message;
}

function outgoing(messages: readonly NewMessage[]): Outgoing[] {
  return messages.map(({ topic, partition, key, value, headers }) => {
    return { topic, message: { key, value, headers, ...(partition === null ? {} : { partition }) } };
  });
}

function configOf({ brokers, tls, sasl, retries = RETRY.retries, log }: KafkaConnection): KafkaConfig {
  return {
    clientId: CLIENT_ID,
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    retry: { ...RETRY, retries },
    ...libraryLog(log),
    ...(tls === null ? {} : { ssl: tls }),
    ...(sasl === null ? {} : { sasl: saslOf(sasl) }),
  };
}

function saslOf({ mechanism, username, password }: NonNullable<KafkaConnection['sasl']>): kafkajs.SASLOptions {
  // One literal each: the library's type joins the name of a mechanism with its settings.
  if (mechanism === 'plain') return { mechanism, username, password };
  if (mechanism === 'scram-sha-256') return { mechanism, username, password };
  return { mechanism, username, password };
}

/**
 * kafkajs 2.2.4 computes the time until a throttle ends also where there is none, and Node warns of the negative timer
 * on standard error, once in each process.
 */
function quietTimers(): void {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'TimeoutNegativeWarning') return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
}
