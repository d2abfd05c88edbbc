import { ExpectedError } from '../../indicium/index.ts';
/** What the stages need of Kafka; a client library stands behind it in one adapter. */

/** A message as it lies in a topic. */
export interface StoredMessage {
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: MessageHeaders;
}

export type MessageHeaders = Readonly<Record<string, string | Buffer>>;

export interface NewMessage {
  readonly topic: string;
  /** Null: by the key, as Kafka's own clients place it. */
  readonly partition: number | null;
  readonly key: string | Buffer | null;
  readonly value: Buffer | null;
  readonly headers: MessageHeaders;
}

/** How far a consumer group has come in one partition: the offset of what it takes next. */
export interface GroupOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
}

/** Another producer has the same transactional id by now: the holder of this one has lost its partition. */
export class FencedProducerError extends Error {
  override readonly name = 'FencedProducerError';
}

/** Kafka could not be reached or refused something; the message says what. */
export class KafkaError extends ExpectedError {
  override readonly name = 'KafkaError';
  override readonly failure = 'kafka';
}

export interface KafkaProducer {
  /** Answers when all in-sync replicas have the messages. @throws KafkaError */
  send(messages: readonly NewMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** One transaction at a time; messages and offset are visible together or not at all. */
export interface TransactionalProducer {
  /** @throws FencedProducerError, KafkaError. After either it is unknown whether it took effect: open another one. */
  commit(messages: readonly NewMessage[], offset: GroupOffset): Promise<void>;
  close(): Promise<void>;
}

export interface PartitionOffsets {
  readonly partition: number;
  /** First offset that is still kept, and the one after the last. */
  readonly low: bigint;
  readonly high: bigint;
}

export interface TopicState {
  readonly topic: string;
  readonly partitions: number;
  readonly replication: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface KafkaAdmin {
  /** Addresses of the brokers. */
  brokers(): Promise<string[]>;
  /** Null where there is no such topic. `names` are the settings to look at. */
  topicState(topic: string, names: readonly string[]): Promise<TopicState | null>;
  createTopic(wanted: TopicState): Promise<void>;
  offsets(topic: string): Promise<PartitionOffsets[]>;
  /** Null where the group has none. */
  groupOffset(group: string, topic: string, partition: number): Promise<bigint | null>;
  close(): Promise<void>;
}

/** What a consumer tells; called one after another, and to be answered without waiting. */
export interface ConsumerEvents {
  /** The partitions that this member has from now on, before anything of them is fetched. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  readonly onMessages: (partition: number, messages: readonly StoredMessage[]) => void;
  /** What lies before `next` was fetched, markers of transactions included; `high` is the end of the partition. */
  readonly onPosition: (partition: number, next: bigint, high: bigint) => void;
  readonly onFailure: (error: Error) => void;
}

/** A member of a consumer group on one topic. It fetches only what is committed. */
export interface GroupConsumer {
  /** How often the group has confirmed that this is one of its members. */
  readonly confirmations: number;
  start(events: ConsumerEvents): Promise<void>;
  pause(partition: number): void;
  resume(partition: number): void;
  seek(partition: number, offset: bigint): void;
  commit(offsets: readonly Omit<GroupOffset, 'group' | 'topic'>[]): Promise<void>;
  /** Leaves the group. */
  stop(): Promise<void>;
}

export interface KafkaClient {
  admin(): Promise<KafkaAdmin>;
  producer(): Promise<KafkaProducer>;
  /** Fences every other producer with this id. */
  transactionalProducer(id: string): Promise<TransactionalProducer>;
  /** `sessionMs`: a member that says nothing for so long is taken for dead. */
  consumer(group: string, topic: string, sessionMs: number): GroupConsumer;
}
