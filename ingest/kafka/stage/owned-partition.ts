import { WakeUp } from '../../../sharing/index.ts';
import { FencedProducerError, type GroupConsumer, KafkaError, type StoredMessage } from '../client-port.ts';
import { RETRY_MS_FIRST, RETRY_MS_MAX } from '../limits.ts';
import { Publisher, type PublisherPorts } from './publisher.ts';
import type { StageTask } from './stage-task.ts';
import { WorkQueue } from './work-queue.ts';

interface PartitionPorts extends Pick<PublisherPorts, 'producer' | 'published' | 'group' | 'topic'> {
  readonly consumer: Pick<GroupConsumer, 'pause' | 'resume' | 'seek' | 'confirmations'>;
  /** First offset that the partition holds, and the one after the last. */
  readonly bounds: () => Promise<{ readonly low: bigint; readonly high: bigint }>;
  /** Messages from this offset on are left where they are; null for none. */
  readonly end: bigint | null;
  readonly claim: (published: bigint | null) => Promise<StageTask>;
  readonly sessionMs: number;
  /** Bytes that this partition may hold before it is paused. */
  readonly bytesMax: () => number;
  /** Failures after which the partition is taken up anew: of Kafka, or the loss of the partition. */
  readonly isExpected: (error: unknown) => boolean;
  readonly onRecoverableError: (error: Error) => void;
  /** A failure that taking it up anew would not mend. */
  readonly onBroken: (error: Error) => void;
}

interface Buffered {
  readonly messages: number;
  readonly bytes: number;
  /** Where nothing is buffered, the offset that comes next; null otherwise, and while the partition is being claimed. */
  readonly next: bigint | null;
}

/** How often an idle partition looks around, and one that waits for its group to confirm it. */
const LOOK_AROUND_MS = 250;
const CONFIRMED_POLL_MS = 100;

/**
 * One partition from the moment it is assigned until it is taken away: claims it, works on its messages in their order,
 * and publishes what comes of them together with how far it came, in one transaction. After any failure it begins anew
 * at what was published, so nothing is left out and nothing is published twice.
 */
export class OwnedPartition {
  readonly partition: number;
  readonly #ports: PartitionPorts;
  readonly #ended: Promise<void>;
  readonly #assignedMs = performance.now();
  #queue: WorkQueue | null = null;
  /** Offset of the next message to take in; null while it is being claimed. */
  #expected: bigint | null = null;
  #task: StageTask | null = null;
  #isReleased = false;
  #isDraining = false;
  #isPaused = true;
  readonly #wakeUp = new WakeUp();
  #retryMs = RETRY_MS_FIRST;

  constructor(partition: number, ports: PartitionPorts, before: Promise<void>) {
    this.partition = partition;
    this.#ports = ports;
    ports.consumer.pause(partition);
    this.#ended = before.then(() => this.#run());
  }

  /** What was fetched and is not done. */
  get buffered(): Buffered {
    const isIdle = (this.#task?.isSettled ?? true) && (this.#queue?.isEmpty ?? true);
    const { messages = 0, bytes = 0 } = this.#queue ?? {};
    return { messages, bytes, next: isIdle ? this.#expected : null };
  }

  take(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      // Fetched before a seek or twice over a rebalance: what is not the next of its partition is not taken.
      if (this.#expected === null || message.offset < this.#expected) continue;
      if (this.#ports.end !== null && message.offset >= this.#ports.end) break;
      this.#expected = message.offset + 1n;
      this.#queue?.add(message);
    }
    if (!this.#isOver) this.#queue?.fill();
    if (this.buffered.bytes > this.#ports.bytesMax()) this.#pause();
    this.#wakeUp.wake();
  }

  /** After a rebalance the client would go back to what was committed. */
  keep(): void {
    if (this.#expected !== null) this.#ports.consumer.seek(this.partition, this.#expected);
  }

  /** It belongs to another now: nothing more of it is published. */
  release(): Promise<void> {
    this.#isReleased = true;
    this.#wakeUp.wake();
    return this.#ended;
  }

  /** Publishes what is being worked on and ends; what was only fetched is left to the next owner. */
  drain(): Promise<void> {
    this.#isDraining = true;
    this.#pause();
    this.#wakeUp.wake();
    return this.#ended;
  }

  get #isOver(): boolean {
    return this.#isReleased || this.#isDraining;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#own();
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(String(error));
        if (this.#isReleased) return;
        const isExpected = error instanceof KafkaError || error instanceof FencedProducerError;
        if (!isExpected && !this.#ports.isExpected(error)) {
          this.#ports.onBroken(failure);
          return;
        }
        await this.#backOff(error instanceof FencedProducerError ? this.#takenOver(failure) : failure);
      }
    }
  }

  /** Until it may be tried again. */
  async #backOff(failure: Error): Promise<void> {
    this.#ports.onRecoverableError(failure);
    await this.#waitUpTo(this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX);
    await this.#confirmed();
  }

  /** What a broker says of it names neither the partition nor what that means. */
  #takenOver(cause: Error): Error {
    const place = `${this.#ports.topic}/${this.partition}`;
    return new FencedProducerError(`another member has taken ${place} over: what was not published is left to it`, {
      cause,
    });
  }

  /**
   * A member that was stopped for long may have lost its partitions and not know yet: taking one up anew would take it
   * from its new owner. The first answer of the group may have been on its way all the time, the second was not.
   */
  async #confirmed(): Promise<void> {
    const enough = this.#ports.consumer.confirmations + 2;
    while (!this.#isOver && this.#ports.consumer.confirmations < enough) await this.#waitUpTo(CONFIRMED_POLL_MS);
  }

  async #own(): Promise<void> {
    if (performance.now() - this.#assignedMs > this.#ports.sessionMs / 2) await this.#confirmed();
    if (this.#isOver) return;
    const publisher = await Publisher.open({
      ...this.#ports,
      partition: this.partition,
      mayTryAgain: async (failure) => {
        if (!this.#isOver) await this.#backOff(failure);
        return !this.#isOver;
      },
    });
    try {
      const known = publisher.published;
      const bounds = await this.#ports.bounds();
      // What is beyond the end was published of a topic that was here before this one.
      const published = known === null || known > bounds.high ? null : known;
      const task = await this.#ports.claim(published);
      try {
        const queue = new WorkQueue(task);
        this.#task = task;
        this.#queue = queue;
        const start = this.#startOf(task, bounds);
        this.#expected = start;
        this.#ports.consumer.seek(this.partition, start);
        await this.#work(task, queue, published ?? start, publisher);
      } finally {
        this.#task = null;
        this.#expected = null;
        this.#pause();
        await this.#queue?.settled();
        this.#queue = null;
        await task.close();
      }
    } finally {
      await publisher.close();
    }
  }

  #startOf(task: StageTask, { low, high }: { readonly low: bigint; readonly high: bigint }): bigint {
    if (task.start !== null && task.start >= low && task.start <= high) return task.start;
    task.beginAt?.(low);
    if (task.start !== null) {
      const place = `${this.#ports.topic}/${this.partition}`;
      this.#ports.onRecoverableError(
        new KafkaError(`${place} holds ${low} to ${high}, not ${task.start}: beginning at ${low}`),
      );
    }
    return low;
  }

  async #work(task: StageTask, queue: WorkQueue, before: bigint, publisher: Publisher): Promise<void> {
    if (this.#isOver) return;
    this.#resume();
    let published = before;
    while (!this.#isReleased) {
      if (!queue.isWorking) {
        if (this.#isDraining) return;
        await this.#waitUpTo(LOOK_AROUND_MS);
        if (this.#isReleased) return;
      }
      const done = await queue.nextDone();
      const isCaughtUp = done === null;
      const besides = this.#isDraining ? [] : ((await task.onIdle?.(isCaughtUp)) ?? []);
      if (done === null && besides.length === 0) continue;
      if (this.#isReleased) return;
      // What is worked on again, for the sake of a store, was published before.
      const next = done === null || done.last < published ? published : done.last + 1n;
      await publisher.commit([...(done?.outputs ?? []), ...besides], next);
      published = next;
      this.#retryMs = RETRY_MS_FIRST;
      if (!this.#isOver) queue.fill();
      if (this.#isPaused && !this.#isDraining && this.buffered.bytes <= this.#ports.bytesMax() / 2) this.#resume();
    }
  }

  #pause(): void {
    this.#isPaused = true;
    this.#ports.consumer.pause(this.partition);
  }

  #resume(): void {
    this.#isPaused = false;
    this.#ports.consumer.resume(this.partition);
  }

  async #waitUpTo(ms: number): Promise<void> {
    if (!this.#isOver) await this.#wakeUp.waitUpTo(ms);
  }
}
