import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { textAt, textOrNullAt, uncheckedAt } from '../../indicium/index.ts';
import type { BatchAnswers, ScanBatch, ScanSource, SourcePosition } from '../../scans/index.ts';
import { WakeUp } from '../../sharing/index.ts';
import {
  type GroupConsumer,
  type KafkaClient,
  KafkaError,
  type KafkaProducer,
  type StoredMessage,
} from './client-port.ts';
import type { ImageSpool } from './image-spool.ts';
import { READ_TASK_BYTES_MAX, READ_TASK_IMAGES_MAX, SESSION_SECONDS, STAGE_BYTES_MAX } from './limits.ts';
import { deadLetter } from './messages/dead-letter.ts';
import { verdictMessages } from './messages/verdict-message.ts';
import { gatherScans } from './scan-batch.ts';

interface KafkaSourcePorts {
  readonly client: KafkaClient;
  readonly group: string;
  readonly topic: string;
  readonly deadLetters: string;
  /** Where to publish verdicts; null for nowhere. */
  readonly verdicts: string | null;
  readonly spool: ImageSpool;
  readonly nowMs: () => number;
  /** Ends the source: what was handed out is still to be recorded. */
  readonly signal: AbortSignal;
  /** Nobody will acknowledge what was handed out any more. */
  readonly abandoned: AbortSignal;
  /** Ends it once all that lay in the topic at the start was handed out. */
  readonly untilDrained: boolean;
}

/** For each partition, the offset of what comes next. */
const Position = Compile(Type.Record(Type.String({ pattern: '^\\d+$' }), Type.String({ pattern: '^\\d+$' })));

/** A topic of scans as a source for a process that does everything itself: its store knows how far each partition is. */
export function kafkaSource(ports: KafkaSourcePorts): ScanSource {
  return {
    name: `kafka:${ports.topic}`,
    batches: (from) => new TopicReader(ports, positionsIn(from)).batches(),
  };
}

function positionsIn(from: SourcePosition): Map<number, bigint> {
  if (from === null) return new Map();
  const position: unknown = JSON.parse(from);
  if (!Position.Check(position)) throw new TypeError(`a position that this source never wrote: ${from}`);
  return new Map(Object.entries(position).map(([partition, next]) => [Number(partition), BigInt(next)]));
}

class TopicReader {
  readonly #ports: KafkaSourcePorts;
  readonly #consumer: GroupConsumer;
  /** Of each partition the next offset to take in, and the next to hand out. */
  readonly #expected: Map<number, bigint>;
  readonly #handedOut: Map<number, bigint>;
  #queue: StoredMessage[] = [];
  #queuedBytes = 0;
  readonly #paused = new Set<number>();
  readonly #fetched = new Map<number, bigint>();
  readonly #wakeUp = new WakeUp();
  #failure: Error | null = null;
  #unacknowledged = 0;

  constructor(ports: KafkaSourcePorts, positions: ReadonlyMap<number, bigint>) {
    this.#ports = ports;
    this.#expected = new Map(positions);
    this.#handedOut = new Map(positions);
    this.#consumer = ports.client.consumer(ports.group, ports.topic, SESSION_SECONDS * 1000);
  }

  async *batches(): AsyncGenerator<ScanBatch> {
    const { client, topic, signal, abandoned, untilDrained } = this.#ports;
    const admin = await client.admin();
    const offsets = await admin.offsets(topic).finally(() => admin.close());
    const producer = await client.producer();
    for (const { partition, low, high } of offsets) {
      const known = this.#expected.get(partition);
      // A position beyond the end is of a topic that was there before this one; what was read of it is recognized.
      if (known === undefined || known < low || known > high) this.#expected.set(partition, low);
    }
    const ends = new Map(offsets.map(({ partition, high }) => [partition, high]));
    const onAbort = () => this.#wakeUp.wake();
    signal.addEventListener('abort', onAbort);
    abandoned.addEventListener('abort', onAbort);
    await this.#start();
    try {
      for (;;) {
        const messages = this.#next();
        if (this.#failure !== null) throw this.#failure;
        if (messages.length > 0) yield await this.#batch(messages, producer);
        else if (signal.aborted || (untilDrained && this.#isPast(ends))) break;
        else await this.#wakeUp.wait();
        if (signal.aborted) break;
      }
      // Acknowledging takes the producer and the consumer.
      while (this.#unacknowledged > 0 && !abandoned.aborted) await this.#wakeUp.wait();
    } finally {
      signal.removeEventListener('abort', onAbort);
      abandoned.removeEventListener('abort', onAbort);
      await this.#consumer.stop();
      await producer.close();
    }
  }

  #start(): Promise<void> {
    return this.#consumer.start({
      onAssigned: (partitions) => {
        this.#queue = this.#queue.filter(({ partition }) => partitions.includes(partition));
        this.#queuedBytes = this.#queue.reduce((total, message) => total + valueBytes(message), 0);
        for (const partition of partitions) this.#consumer.seek(partition, this.#expected.get(partition) ?? 0n);
      },
      onMessages: (partition, messages) => {
        for (const message of messages) {
          if (message.offset < (this.#expected.get(partition) ?? 0n)) continue;
          this.#expected.set(partition, message.offset + 1n);
          this.#queue.push(message);
          this.#queuedBytes += valueBytes(message);
        }
        if (this.#queuedBytes > STAGE_BYTES_MAX) {
          this.#paused.add(partition);
          this.#consumer.pause(partition);
        }
        this.#wakeUp.wake();
      },
      onPosition: (partition, next) => {
        this.#fetched.set(partition, next);
        this.#wakeUp.wake();
      },
      onFailure: (error) => {
        // A member comes back by itself for as long as it can; what it cannot mend ends the run.
        if (error instanceof KafkaError) return;
        this.#failure = error;
        this.#wakeUp.wake();
      },
    });
  }

  /** As many messages as fill a task of a reader. */
  #next(): StoredMessage[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.#queue.length, READ_TASK_IMAGES_MAX); count++) {
      const message = this.#queue[count];
      bytes += message === undefined ? 0 : valueBytes(message);
      if (count > 0 && bytes > READ_TASK_BYTES_MAX) break;
    }
    const messages = this.#queue.splice(0, count);
    for (const message of messages) this.#queuedBytes -= valueBytes(message);
    if (this.#queuedBytes <= STAGE_BYTES_MAX / 2) {
      for (const partition of this.#paused) this.#consumer.resume(partition);
      this.#paused.clear();
    }
    return messages;
  }

  async #batch(messages: readonly StoredMessage[], producer: KafkaProducer): Promise<ScanBatch> {
    const { topic, deadLetters, verdicts, spool, nowMs } = this.#ports;
    const { lines, dead, release } = await gatherScans(topic, messages, spool);
    await producer.send(dead.map(([origin, reason]) => deadLetter(deadLetters, origin, reason)));
    for (const { partition, offset } of messages) this.#handedOut.set(partition, offset + 1n);
    const next = new Map(this.#handedOut);
    const [first] = messages;
    this.#unacknowledged += 1;
    return {
      scans: lines,
      position: JSON.stringify(Object.fromEntries([...next].map(([partition, offset]) => [partition, String(offset)]))),
      notices: [],
      keepsReadings: verdicts !== null,
      acknowledge: async (answers) => {
        await release();
        if (verdicts !== null) {
          const id = `${first?.partition}@${first?.offset}`;
          const event = { id, source: `/indicia/${topic}`, timeMs: nowMs() };
          await producer.send(verdictMessages(verdicts, judgedScans(answers), event));
        }
        await this.#commit(next);
        this.#unacknowledged -= 1;
        this.#wakeUp.wake();
      },
    };
  }

  /** Only shows observers how far the group is: the store has the position that counts. */
  async #commit(next: ReadonlyMap<number, bigint>): Promise<void> {
    const offsets = [...next].map(([partition, offset]) => ({ partition, next: offset }));
    await this.#consumer.commit(offsets).catch((error: unknown) => {
      if (!(error instanceof KafkaError)) throw error;
    });
  }

  #isPast(ends: ReadonlyMap<number, bigint>): boolean {
    return [...ends].every(([partition, end]) => {
      const next = this.#fetched.get(partition) ?? 0n;
      return next >= end || (this.#expected.get(partition) ?? 0n) >= end;
    });
  }
}

function valueBytes({ value }: StoredMessage): number {
  return value?.length ?? 0;
}

function judgedScans({ readings, verdicts, repeatedRows: _ }: BatchAnswers) {
  if (readings === null) throw new Error('a batch that keeps its readings came back without them');
  const rows = Array.from({ length: readings.weightGrams.values.length }, (_row, row) => row);
  return {
    scanIds: rows.map((row) => textAt(readings.scanId, row)),
    plants: rows.map((row) => textOrNullAt(readings.plant, row)),
    machines: rows.map((row) => textOrNullAt(readings.machine, row) ?? ''),
    unchecked: rows.map((row) => uncheckedAt(readings, row)),
    verdicts,
  };
}
