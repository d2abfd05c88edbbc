import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { ConsumerEvents, GroupConsumer, GroupOffset, StoredMessage } from '../client-port.ts';
import { FETCH_BYTES, FETCH_PARTITION_BYTES, FETCH_WAIT_MS, RETRY_MS_FIRST, RETRY_MS_MAX } from '../limits.ts';
import { stickyAssigner } from './assigner.ts';
import { asKafkaError, asking } from './failures.ts';

/** A member whose messages are taken at once and worked on elsewhere, so that nothing holds up its heartbeats. */
export class KafkaJsConsumer implements GroupConsumer {
  readonly #topic: string;
  readonly #consumer: Consumer;
  #owned: readonly number[] = [];
  confirmations = 0;
  readonly #sessionMs: number;
  #isStopped = false;
  /** Until it has joined its group, or failed to. */
  #joining: Promise<void> = Promise.resolve();
  #comingBack: NodeJS.Timeout | undefined;
  #comeBackMs = RETRY_MS_FIRST;
  /** Whether there is a group to fetch from: not while the client comes back after a failure. */
  #isJoined = false;
  readonly #paused = new Set<number>();

  constructor(kafka: Kafka, group: string, topic: string, sessionMs: number) {
    this.#topic = topic;
    this.#sessionMs = sessionMs;
    this.#consumer = kafka.consumer({
      groupId: group,
      partitionAssigners: [stickyAssigner(topic, () => this.#owned)],
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs,
      heartbeatInterval: sessionMs / 10,
      maxBytesPerPartition: FETCH_PARTITION_BYTES,
      maxBytes: FETCH_BYTES,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      // One that kafkajs 2.2.4 brings back is not stopped by its stop while it joins, and would go on by itself
      // forever.
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8, restartOnFailure: async () => false },
    });
  }

  async start({ onAssigned, onMessages, onPosition, onFailure }: ConsumerEvents): Promise<void> {
    const eachBatch = async ({ batch, isStale, isRunning }: EachBatchPayload) => {
      if (isStale() || !isRunning() || !this.#owned.includes(batch.partition)) return;
      onMessages(
        batch.partition,
        batch.messages.map((message) => storedMessage(batch.partition, message)),
      );
    };
    const join = () => this.#consumer.run({ autoCommit: false, eachBatchAutoResolve: true, eachBatch });
    const { GROUP_JOIN, HEARTBEAT, START_BATCH_PROCESS, STOP, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      if (this.#isStopped) return;
      this.#comeBackMs = RETRY_MS_FIRST;
      this.#owned = payload.memberAssignment[this.#topic] ?? [];
      this.#isJoined = true;
      // A client that came back has forgotten what was paused.
      for (const partition of this.#owned) if (this.#paused.has(partition)) this.pause(partition);
      onAssigned(this.#owned);
    });
    this.#consumer.on(HEARTBEAT, () => {
      this.confirmations += 1;
    });
    this.#consumer.on(START_BATCH_PROCESS, ({ payload: { partition, lastOffset, highWatermark } }) => {
      onPosition(partition, BigInt(lastOffset) + 1n, BigInt(highWatermark));
    });
    this.#consumer.on(STOP, () => {
      this.#isJoined = false;
    });
    this.#consumer.on(CRASH, ({ payload: { error } }) => {
      if (this.#isStopped) return;
      onFailure(asKafkaError(error));
      this.#comeBack(join);
    });
    await asking(this.#consumer.connect());
    await asking(this.#consumer.subscribe({ topics: [this.#topic], fromBeginning: true }));
    this.#joining = join();
    await this.#joining;
  }

  /** For as long as it is not stopped, however long its brokers are away: that also looks as if it were final. */
  #comeBack(join: () => Promise<void>): void {
    const again = async () => {
      try {
        await this.#consumer.connect();
        // What fails in it is told as a crash again.
        if (!this.#isStopped) await join();
      } catch {
        if (!this.#isStopped) this.#comeBack(join);
      }
    };
    this.#comingBack = setTimeout(() => {
      this.#joining = again();
    }, this.#comeBackMs);
    this.#comeBackMs = Math.min(2 * this.#comeBackMs, RETRY_MS_MAX);
  }

  pause(partition: number): void {
    this.#paused.add(partition);
    if (!this.#isJoined) return;
    this.#consumer.pause([{ topic: this.#topic, partitions: [partition] }]);
  }

  resume(partition: number): void {
    this.#paused.delete(partition);
    if (!this.#isJoined) return;
    this.#consumer.resume([{ topic: this.#topic, partitions: [partition] }]);
  }

  /** Nowhere while there is no group: the owner of a partition when there is one again is asked where to go on. */
  seek(partition: number, offset: bigint): void {
    if (!this.#isJoined) return;
    this.#consumer.seek({ topic: this.#topic, partition, offset: offset.toString() });
  }

  async commit(offsets: readonly Omit<GroupOffset, 'group' | 'topic'>[]): Promise<void> {
    await asking(
      this.#consumer.commitOffsets(
        offsets.map(({ partition, next }) => ({ topic: this.#topic, partition, offset: next.toString() })),
      ),
    );
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#comingBack);
    const late = new AbortController();
    // Nor do brokers that are away answer a member that wants to join.
    const enough = sleep(this.#sessionMs, undefined, { signal: late.signal }).catch(() => {});
    await Promise.race([this.#joining, enough]);
    late.abort();
    await this.#consumer.disconnect();
  }
}

function storedMessage(partition: number, { offset, timestamp, key, value, headers }: KafkaMessage): StoredMessage {
  return {
    partition,
    offset: BigInt(offset),
    timestampMs: Number(timestamp),
    key,
    value,
    headers: Object.fromEntries(
      Object.entries(headers ?? {}).flatMap(([name, header]) => {
        const last = Array.isArray(header) ? header.at(-1) : header;
        return last === undefined ? [] : [[name, last]];
      }),
    ),
  };
}
