import { type GroupConsumer, type KafkaAdmin, type KafkaClient, KafkaError } from '../client-port.ts';
import { STAGE_BYTES_MAX } from '../limits.ts';
import { OwnedPartition } from './owned-partition.ts';
import type { TaskFactory } from './stage-task.ts';

export interface StagePorts {
  readonly client: KafkaClient;
  readonly topic: string;
  readonly group: string;
  readonly tasks: TaskFactory;
  /** Where to end in each partition; without, it never ends, and what it is to be drained of is what lies there then. */
  readonly ends?: ReadonlyMap<number, bigint>;
  readonly sessionMs: number;
  /** Failures of a task that mean that the partition is another's, or that its store is still being given up. */
  readonly isExpected: (error: unknown) => boolean;
  /** A partition is taken up anew, or the consumer could not go on: told to people. */
  readonly onRecoverableError: (error: Error) => void;
}

/** How far one partition is. */
interface PartitionLag {
  readonly partition: number;
  /** Messages, with markers of transactions, that were not fetched yet. */
  readonly lag: number;
  readonly heldMessages: number;
  readonly heldBytes: number;
  /** Nothing is held, and the detectors have seen all that was recorded. */
  readonly isIdle: boolean;
}

/** Numbers that only grow, and what is held now. */
export interface StageCounters {
  readonly rebalances: number;
  /** Partitions that were taken up, the first time and each time after a failure or a rebalance. */
  readonly claims: number;
  readonly recoverableErrors: number;
  readonly messages: number;
  readonly partitions: readonly PartitionLag[];
}

/** A member of a stage: works on the partitions that its group gives it, until it is stopped. */
export class Stage {
  readonly #ports: StagePorts;
  readonly #consumer: GroupConsumer;
  readonly #admin: KafkaAdmin;
  readonly #owned = new Map<number, OwnedPartition>();
  /** Partitions that were given up and are not put down yet. */
  readonly #leaving = new Map<number, Promise<void>>();
  readonly #fetched = new Map<number, { readonly next: bigint; readonly high: bigint }>();
  readonly #broken = Promise.withResolvers<never>();
  #counters = { rebalances: 0, claims: 0, recoverableErrors: 0, messages: 0 };
  #isStopping = false;

  private constructor(ports: StagePorts, admin: KafkaAdmin) {
    this.#ports = ports;
    this.#admin = admin;
    this.#consumer = ports.client.consumer(ports.group, ports.topic, ports.sessionMs);
    this.#broken.promise.catch(() => {});
  }

  /** @throws KafkaError */
  static async start(ports: StagePorts): Promise<Stage> {
    const stage = new Stage(ports, await ports.client.admin());
    await stage.#consumer.start({
      onAssigned: (partitions) => stage.#assigned(partitions),
      onMessages: (partition, messages) => {
        stage.#counters.messages += messages.length;
        stage.#owned.get(partition)?.take(messages);
      },
      onPosition: (partition, next, high) => stage.#fetched.set(partition, { next, high }),
      onFailure: (error) => stage.#onRecoverableError(error),
    });
    return stage;
  }

  get counters(): StageCounters {
    const partitions = [...this.#owned.values()].map((owned) => {
      const fetched = this.#fetched.get(owned.partition);
      const { messages, bytes, next } = owned.buffered;
      return {
        partition: owned.partition,
        lag: fetched === undefined ? 0 : Number(fetched.high - fetched.next),
        heldMessages: messages,
        heldBytes: bytes,
        isIdle: next !== null,
      };
    });
    return { ...this.#counters, partitions };
  }

  /** Fails when a task failed in a way that trying again would not mend; never answers otherwise. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** Whether all that lies in the topic now, or before its ends, in the partitions that are ours, is done with. */
  async isDrained(): Promise<boolean> {
    const offsets = await this.#admin.offsets(this.#ports.topic);
    const ends = offsets.map((its) => ({ ...its, high: this.#ports.ends?.get(its.partition) ?? its.high }));
    if (this.#owned.size === 0) return this.#counters.rebalances > 0;
    return [...this.#owned.values()].every((owned) => {
      const end = ends.find(({ partition }) => partition === owned.partition);
      const isEmpty = end === undefined || end.high <= end.low;
      const { next } = owned.buffered;
      if (next === null) return false;
      const fetched = this.#fetched.get(owned.partition)?.next ?? 0n;
      return isEmpty || next >= end.high || fetched >= end.high;
    });
  }

  /** Publishes what is being worked on, lets everything go and leaves the group. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#owned.values()].map((owned) => owned.drain()));
    await Promise.all(this.#leaving.values());
    await this.#consumer.stop();
    await this.#admin.close();
  }

  #assigned(partitions: readonly number[]): void {
    this.#counters.rebalances += 1;
    const mine = new Set(partitions);
    for (const [partition, owned] of this.#owned) {
      if (mine.has(partition)) owned.keep();
      else this.#release(partition, owned);
    }
    if (this.#isStopping) return;
    for (const partition of partitions) {
      if (!this.#owned.has(partition)) this.#owned.set(partition, this.#own(partition));
    }
  }

  #release(partition: number, owned: OwnedPartition): void {
    this.#owned.delete(partition);
    this.#fetched.delete(partition);
    const left = owned.release().finally(() => {
      if (this.#leaving.get(partition) === left) this.#leaving.delete(partition);
    });
    this.#leaving.set(partition, left);
  }

  #own(partition: number): OwnedPartition {
    const { client, group, topic, tasks, ends, sessionMs, isExpected } = this.#ports;
    return new OwnedPartition(
      partition,
      {
        consumer: this.#consumer,
        producer: () => client.transactionalProducer(`${group}/${topic}/${partition}`),
        published: () => this.#admin.groupOffset(group, topic, partition),
        bounds: async () => {
          const offsets = await this.#admin.offsets(topic);
          const its = offsets.find((candidate) => candidate.partition === partition);
          if (its === undefined) throw new KafkaError(`${topic}/${partition}: the brokers do not know it`);
          return its;
        },
        claim: async (published) => {
          this.#counters.claims += 1;
          return tasks.claim(partition, published);
        },
        end: ends?.get(partition) ?? null,
        group,
        topic,
        sessionMs,
        bytesMax: () => STAGE_BYTES_MAX / this.#owned.size,
        isExpected,
        onRecoverableError: (error) => this.#onRecoverableError(error),
        onBroken: (error) => this.#broken.reject(error),
      },
      this.#leaving.get(partition) ?? Promise.resolve(),
    );
  }

  #onRecoverableError(error: Error): void {
    this.#counters.recoverableErrors += 1;
    this.#ports.onRecoverableError(error);
  }
}
