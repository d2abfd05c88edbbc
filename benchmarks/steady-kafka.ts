import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchBroker, scanProducer } from './kafka-cluster.ts';
import { scanRecord } from './kafka-records.ts';
import { joinedMembers } from './kafka-stages.ts';
import { processorMsOfChildren, processorSecondsOf } from './processor-time.ts';
import type { RunningMember } from './running-member.ts';
import { linesIn } from './steady-lines.ts';
import type { Subject } from './steady-windows.ts';

interface KafkaTask {
  readonly scans: readonly string[];
  readonly registry: string;
  readonly folder: string;
  readonly prefix: string;
  /** Of the process that reads. */
  readonly workers: number;
}

/** Scans that are sent and not judged: members say once a second how far they are, and must not run dry until then. */
const AHEAD_MAX = 60_000;
const POLL_MS = 20;

/** A process that reads and one that judges, each on its topic, and a producer in this one that stays ahead of them. */
export class KafkaSubject implements Subject {
  readonly pids: readonly number[];
  readonly #members: readonly RunningMember[];
  readonly #sending: Promise<void>;
  #sent = 0;
  #isStopped = false;
  #hasSentAll = false;

  private constructor(broker: BenchBroker, { prefix, scans }: KafkaTask, members: readonly RunningMember[]) {
    this.#members = members;
    this.pids = members.map(({ pid }) => pid);
    this.#sending = this.#send(broker, prefix, scans);
  }

  static async start(broker: BenchBroker, task: KafkaTask): Promise<KafkaSubject> {
    const members = await joinedMembers(broker, task.prefix, task, ['read', 'judge'], task.workers);
    return new KafkaSubject(broker, task, members);
  }

  progress() {
    const judge = this.#members.at(-1);
    return { pieces: judge?.answered ?? 0, atMs: judge?.toldAtMs ?? 0 };
  }

  processorSeconds(): number {
    return this.pids.reduce((sum, pid) => sum + processorSecondsOf(pid) + processorMsOfChildren(pid) / 1000, 0);
  }

  isOver(): boolean {
    if (this.#members.some(({ hasEnded }) => hasEnded)) throw new Error('a member of a stage ended');
    return this.#hasSentAll && this.progress().pieces >= this.#sent;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#sending;
    await Promise.all(this.#members.map((member) => member.stop()));
  }

  async #send(broker: BenchBroker, prefix: string, files: readonly string[]): Promise<void> {
    const producer = await scanProducer(broker, prefix);
    for await (const lines of linesIn(files)) {
      while (!this.#isStopped && this.#sent - this.progress().pieces > AHEAD_MAX) await sleep(POLL_MS);
      if (this.#isStopped) break;
      await producer.sendLines(lines.map((line, index) => scanRecord(line, this.#sent + index)));
      this.#sent += lines.length;
    }
    this.#hasSentAll = true;
    await producer.close();
  }
}
