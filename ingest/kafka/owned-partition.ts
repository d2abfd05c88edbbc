import { setTimeout as sleep } from 'node:timers/promises';
import {
  FencedProducerError,
  type GroupConsumer,
  KafkaError,
  type NewMessage,
  type StoredMessage,
  type TransactionalProducer,
} from './client-port.ts';
import { RETRY_MS_FIRST, RETRY_MS_MAX, SESSION_MS, TASKS_AHEAD_MAX } from './limits.ts';
import type { StageTask } from './stage-task.ts';

export interface PartitionPorts {
  readonly consumer: Pick<GroupConsumer, 'pause' | 'resume' | 'seek' | 'confirmations'>;
  /** Fences whoever had the partition before. */
  readonly producer: () => Promise<TransactionalProducer>;
  /** To be asked after the fencing: whoever had the partition before may have been publishing. */
  readonly published: () => Promise<bigint | null>;
  readonly claim: (published: bigint | null) => Promise<StageTask>;
  readonly group: string;
  readonly topic: string;
  /** Bytes that this partition may hold before it is paused. */
  readonly bytesMax: () => number;
  /** Failures after which the partition is taken up anew: of Kafka, or the loss of the partition. */
  readonly isExpected: (error: unknown) => boolean;
  readonly onTrouble: (error: Error) => void;
  /** A failure that taking it up anew would not mend. */
  readonly onBroken: (error: Error) => void;
}

interface Working {
  readonly last: bigint;
  readonly bytes: number;
  readonly outputs: Promise<readonly NewMessage[]>;
}

interface Held {
  readonly messages: number;
  readonly bytes: number;
  /** Where nothing is held, the offset that comes next; null otherwise, and while the partition is being claimed. */
  readonly next: bigint | null;
}

/** How often an idle partition looks around, and one that waits for its group to confirm it. */
const LOOK_AROUND_MS = 250;
const CONFIRMED_LOOK_MS = 100;

/**
 * One partition from the moment it is assigned until it is taken away: claims it, works on its messages in their order,
 * and publishes what comes of them together with how far it came, in one transaction. Whatever fails, it begins anew at
 * what was published, so nothing is left out and nothing is published twice.
 */
export class OwnedPartition {
  readonly partition: number;
  readonly #ports: PartitionPorts;
  readonly #ended: Promise<void>;
  readonly #assignedMs = performance.now();
  #queue: StoredMessage[] = [];
  #queuedBytes = 0;
  #working: Working[] = [];
  /** Offset of the next message to take in; null while it is being claimed. */
  #expected: bigint | null = null;
  #task: StageTask | null = null;
  #isReleased = false;
  #isDraining = false;
  #isPaused = true;
  #wake: () => void = () => {};
  #retryMs = RETRY_MS_FIRST;

  constructor(partition: number, ports: PartitionPorts, before: Promise<void>) {
    this.partition = partition;
    this.#ports = ports;
    ports.consumer.pause(partition);
    this.#ended = before.then(() => this.#run());
  }

  /** What was fetched and is not done. */
  get held(): Held {
    const bytes = this.#working.reduce((total, working) => total + working.bytes, this.#queuedBytes);
    const isSettled = this.#task?.isSettled ?? true;
    const isIdle = isSettled && this.#queue.length === 0 && this.#working.length === 0;
    return { messages: this.#queue.length, bytes, next: isIdle ? this.#expected : null };
  }

  take(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      // Fetched before a seek or twice over a rebalance: what is not the next of its partition is not taken.
      if (this.#expected === null || message.offset < this.#expected) continue;
      this.#expected = message.offset + 1n;
      this.#queue.push(message);
      this.#queuedBytes += bytesOf(message);
    }
    this.#fill();
    if (this.held.bytes > this.#ports.bytesMax()) this.#pause();
    this.#wake();
  }

  /** After a rebalance the client would go back to what was committed. */
  keep(): void {
    if (this.#expected !== null) this.#ports.consumer.seek(this.partition, this.#expected);
  }

  /** It belongs to another now: nothing more of it is published. */
  release(): Promise<void> {
    this.#isReleased = true;
    this.#wake();
    return this.#ended;
  }

  /** Publishes what is being worked on and ends; what was only fetched is left to whoever comes next. */
  drain(): Promise<void> {
    this.#isDraining = true;
    this.#pause();
    this.#wake();
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
        this.#ports.onTrouble(failure);
        await this.#waitUpTo(this.#retryMs);
        this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS_MAX);
        await this.#confirmed();
      }
    }
  }

  /**
   * A member that was stopped for long may have lost its partitions and not know yet: taking one up anew would take it
   * from its new owner. The first answer of the group may have been on its way all the time, the second was not.
   */
  async #confirmed(): Promise<void> {
    const enough = this.#ports.consumer.confirmations + 2;
    while (!this.#isOver && this.#ports.consumer.confirmations < enough) await this.#waitUpTo(CONFIRMED_LOOK_MS);
  }

  async #own(): Promise<void> {
    if (performance.now() - this.#assignedMs > SESSION_MS / 2) await this.#confirmed();
    if (this.#isOver) return;
    const producer = await this.#ports.producer();
    try {
      const task = await this.#ports.claim(await this.#ports.published());
      try {
        this.#task = task;
        this.#expected = task.start ?? 0n;
        if (task.start !== null) this.#ports.consumer.seek(this.partition, task.start);
        await this.#work(task, producer);
      } finally {
        this.#task = null;
        this.#expected = null;
        this.#pause();
        this.#queue = [];
        this.#queuedBytes = 0;
        await Promise.allSettled(this.#working.map(({ outputs }) => outputs));
        this.#working = [];
        await task.close();
      }
    } finally {
      await producer.close().catch(() => {});
    }
  }

  async #work(task: StageTask, producer: TransactionalProducer): Promise<void> {
    if (this.#isOver) return;
    this.#resume();
    let published: bigint | null = task.start;
    while (!this.#isReleased) {
      if (this.#working.length === 0) {
        if (this.#isDraining) return;
        await this.#waitUpTo(LOOK_AROUND_MS);
        if (this.#isReleased) return;
      }
      const done = await this.#nextDone();
      const isCaughtUp = done === null;
      const besides = this.#isDraining ? [] : ((await task.lookAround?.(isCaughtUp)) ?? []);
      if (done === null && besides.length === 0) continue;
      if (this.#isReleased) return;
      const next: bigint = done === null ? (published ?? 0n) : done.last + 1n;
      const { group, topic } = this.#ports;
      await producer.commit([...(done?.outputs ?? []), ...besides], { group, topic, partition: this.partition, next });
      published = next;
      this.#retryMs = RETRY_MS_FIRST;
      this.#fill();
      if (this.#isPaused && !this.#isDraining && this.held.bytes <= this.#ports.bytesMax() / 2) this.#resume();
    }
  }

  /** All that is done from the first on: what was finished meanwhile shares a transaction. */
  async #nextDone(): Promise<{ readonly outputs: readonly NewMessage[]; readonly last: bigint } | null> {
    const first = this.#working[0];
    if (first === undefined) return null;
    const outputs = [...(await first.outputs)];
    this.#working.shift();
    let last = first.last;
    for (let next = this.#working[0]; next !== undefined; next = this.#working[0]) {
      const more = await Promise.race([next.outputs, NOT_YET]);
      if (more === null) break;
      outputs.push(...more);
      last = next.last;
      this.#working.shift();
    }
    return { outputs, last };
  }

  /** Gives the task as much at a time as it may work on. */
  #fill(): void {
    const task = this.#task;
    if (task === null || this.#isOver) return;
    while (this.#queue.length > 0 && this.#working.length < TASKS_AHEAD_MAX) {
      let count = 0;
      for (let weight = 0; count < this.#queue.length; count++) {
        const message = this.#queue[count];
        weight += message === undefined ? 0 : task.weigh(message);
        if (count > 0 && weight > 1) break;
      }
      const messages = this.#queue.splice(0, count);
      const bytes = messages.reduce((total, message) => total + bytesOf(message), 0);
      this.#queuedBytes -= bytes;
      const outputs = task.process(messages);
      // A failure waits for its turn.
      outputs.catch(() => {});
      this.#working.push({ outputs, bytes, last: messages.at(-1)?.offset ?? 0n });
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
    const timer = new AbortController();
    const woken = new Promise<void>((wake) => {
      this.#wake = wake;
    });
    if (!this.#isOver) await Promise.race([woken, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    this.#wake = () => {};
  }
}

const NOT_YET = Promise.resolve(null);

function bytesOf({ key, value }: StoredMessage): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
