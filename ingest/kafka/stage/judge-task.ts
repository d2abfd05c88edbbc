import {
  type ReadingColumns,
  rowsOf,
  textAt,
  textOrNullAt,
  uncheckedAt,
  type VerdictColumns,
} from '../../../indicium/index.ts';
import type { NewMessage, StoredMessage } from '../client-port.ts';
import { JUDGE_TASK_BYTES_MAX } from '../limits.ts';
import { deadLetter } from '../messages/dead-letter.ts';
import {
  findingMessage,
  findingRetracted,
  type KeyedFinding,
  type NumberedRevision,
  revisionMessage,
} from '../messages/finding-message.ts';
import { areKnownReadings } from '../messages/known-readings.ts';
import { decodeReadings } from '../messages/readings-codec.ts';
import { verdictMessages } from '../messages/verdict-message.ts';
import type { StageTask, TaskFactory } from './stage-task.ts';

/** The store of one partition, owned; everything fails once another owner has taken it over. */
export interface PartitionStore<Answer extends JudgedAnswer = JudgedAnswer> {
  positionOf(source: string): Promise<string | null>;
  /** Answers when the batch and its position are durable. */
  record(batch: { readings: ReadingColumns; source: string; position: string }): Promise<Answer>;
  /** Runs the detectors over what is new. */
  detect(): Promise<unknown>;
  findingDelta(afterRevision: number): Promise<DetectedDelta>;
  close(): Promise<void>;
}

export interface JudgedAnswer {
  readonly scans: number;
  readonly verdicts: VerdictColumns;
}

/**
 * All findings of the store, keys of those that no longer hold, and the revisions after the number that was asked for.
 */
export interface DetectedDelta {
  readonly findings: readonly KeyedFinding[];
  readonly retracted: readonly string[];
  readonly revisions: readonly NumberedRevision[];
}

/** When the detectors of a partition run. */
export interface DetectorTiming {
  /** Scans were judged just now. */
  judged(): void;
  /** The detectors have run just now. */
  detected(): void;
  /** Whether they are to run, with all messages judged or not. */
  isDue(isCaughtUp: boolean): boolean;
}

interface JudgePorts<Answer extends JudgedAnswer> {
  readonly open: (partition: number) => Promise<PartitionStore<Answer>>;
  readonly topics: {
    readonly readings: string;
    readonly verdicts: string;
    readonly findings: string;
    readonly revisions: string;
    readonly deadLetters: string;
  };
  readonly nowMs: () => number;
  /** Of the detectors of one partition, from its claim on. */
  readonly detectorTiming: () => DetectorTiming;
  readonly onJudged: (answer: Answer) => void;
  readonly onDetected: (partition: number, findings: number) => void;
  readonly onDeadLetter: () => void;
}

/** The judge stage: one store for each partition, which knows how far the partition was recorded. */
export function judgeTasks<Answer extends JudgedAnswer>(ports: JudgePorts<Answer>): TaskFactory {
  return {
    async claim(partition, published) {
      const store = await ports.open(partition);
      try {
        const recorded = positionIn(await store.positionOf(sourceOf(ports, partition)));
        return new JudgeTask(partition, store, ports, recorded, published);
      } catch (error) {
        await store.close();
        throw error;
      }
    },
  };
}

function sourceOf({ topics }: Pick<JudgePorts<JudgedAnswer>, 'topics'>, partition: number): string {
  return `kafka:${topics.readings}/${partition}`;
}

function positionIn(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}

class JudgeTask<Answer extends JudgedAnswer> implements StageTask {
  /** What was recorded and perhaps not published is judged again: the store answers it as it did. */
  readonly start: bigint | null;
  readonly #partition: number;
  readonly #store: PartitionStore<Answer>;
  readonly #ports: JudgePorts<Answer>;
  readonly #published: bigint;
  #recorded: bigint;
  /** As they were published last; null for what has gone. */
  readonly #findings = new Map<string, string | null>();
  #revision = 0;
  #hasNewEvidence = true;
  #isDetecting = false;
  readonly #timing: DetectorTiming;

  constructor(
    partition: number,
    store: PartitionStore<Answer>,
    ports: JudgePorts<Answer>,
    recorded: bigint | null,
    published: bigint | null,
  ) {
    this.#partition = partition;
    this.#store = store;
    this.#ports = ports;
    this.#timing = ports.detectorTiming();
    this.#recorded = recorded ?? 0n;
    this.#published = published ?? 0n;
    this.start = recorded === null || published === null ? null : recorded < published ? recorded : published;
  }

  beginAt(offset: bigint): void {
    if (this.start !== null) this.#recorded = offset;
  }

  weigh({ value }: StoredMessage): number {
    return (value?.length ?? 0) / JUDGE_TASK_BYTES_MAX;
  }

  async process(messages: readonly StoredMessage[]): Promise<readonly NewMessage[]> {
    const published = await Promise.all(messages.map((message) => this.#judge(message)));
    return published.flat();
  }

  async onIdle(isCaughtUp: boolean): Promise<readonly NewMessage[]> {
    if (!this.#hasNewEvidence || !this.#timing.isDue(isCaughtUp)) return [];
    this.#hasNewEvidence = false;
    this.#isDetecting = true;
    await this.#store.detect();
    const delta = await this.#store.findingDelta(this.#revision);
    this.#isDetecting = false;
    this.#timing.detected();
    this.#ports.onDetected(this.#partition, delta.findings.length);
    return this.#deltaMessages(delta);
  }

  get isSettled(): boolean {
    return !this.#hasNewEvidence && !this.#isDetecting;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #judge(message: StoredMessage): Promise<NewMessage[]> {
    const { topics, nowMs, onJudged, onDeadLetter } = this.#ports;
    const decoded = message.value === null ? null : decodeReadings(message.value);
    const readings = decoded === null || !areKnownReadings(decoded) ? null : decoded;
    // What was published before is done again for the sake of a store that is behind; the same is in the topics.
    const isPublished = message.offset < this.#published;
    if (readings === null) {
      if (isPublished) return [];
      onDeadLetter();
      const reason = { code: 'bad-readings', detail: 'not a whole batch of readings of version 1 or 2' } as const;
      return [deadLetter(topics.deadLetters, { topic: topics.readings, message }, reason)];
    }
    const rows = rowsOf(readings);
    const scanIds = Array.from({ length: rows }, (_, row) => textAt(readings.scanId, row));
    const plants = Array.from({ length: rows }, (_, row) => textOrNullAt(readings.plant, row));
    const machines = Array.from({ length: rows }, (_, row) => textOrNullAt(readings.machine, row) ?? '');
    const unchecked = Array.from({ length: rows }, (_, row) => uncheckedAt(readings, row));
    // What is recorded again must not take the position back.
    if (message.offset >= this.#recorded) this.#recorded = message.offset + 1n;
    const answer = await this.#store.record({
      readings,
      source: sourceOf(this.#ports, this.#partition),
      position: this.#recorded.toString(),
    });
    if (answer.scans > 0) this.#hasNewEvidence = true;
    this.#timing.judged();
    onJudged(answer);
    if (isPublished) return [];
    const source = `/indicia/${topics.readings}/${this.#partition}`;
    const event = { id: String(message.offset), source, timeMs: nowMs() };
    return verdictMessages(topics.verdicts, { scanIds, plants, machines, unchecked, verdicts: answer.verdicts }, event);
  }

  /** What is new or other than what was published last; all of it after a start, which says the same once more. */
  #deltaMessages({ findings, retracted, revisions }: DetectedDelta): NewMessage[] {
    const { topics, nowMs } = this.#ports;
    const event = { source: `/indicia/${topics.readings}/${this.#partition}`, timeMs: nowMs() };
    const messages: NewMessage[] = [];
    for (const keyed of findings) {
      const text = JSON.stringify(keyed.finding);
      if (this.#findings.get(keyed.key) === text) continue;
      this.#findings.set(keyed.key, text);
      messages.push(findingMessage(topics.findings, keyed, event));
    }
    for (const key of retracted) {
      if (this.#findings.get(key) === null) continue;
      this.#findings.set(key, null);
      messages.push(findingRetracted(topics.findings, key, event));
    }
    for (const numbered of revisions) {
      this.#revision = numbered.sequence;
      messages.push(revisionMessage(topics.revisions, numbered, event));
    }
    return messages;
  }
}
