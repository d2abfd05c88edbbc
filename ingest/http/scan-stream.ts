import { hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { LINE_BYTES_MAX } from '../limits.ts';
import { type Line, readLines } from '../lines.ts';
import { isObject, type ScanOrigin } from '../scan-line.ts';
import { textOf as lineText, type ScanLines, ScanLinesBuilder } from '../scan-lines.ts';
import { textOf } from '../scan-mark.ts';
import type { BatchAnswers, ScanSource } from '../source.ts';
import type { AnswerWriter } from './answer-writer.ts';
import type { BatchMoments } from './answers.ts';
import type { ByteGate } from './byte-gate.ts';
import { isDeeperThan } from './json-depth.ts';
import { JSON_DEPTH_MAX, READ_AHEAD_SCANS_MIN, STREAM_LINE_BYTES_MAX } from './limits.ts';
import type { PendingAnswer } from './pending-answer.ts';
import type { Problem } from './problems.ts';
import { isDeadline } from './scan-request.ts';
import type { AnswerOrProblem } from './schemas.ts';

export interface StreamPorts {
  /** Names the stream in the scan ids of lines that have none. */
  readonly label: string;
  readonly origin: ScanOrigin;
  readonly gate: ByteGate;
  readonly output: AnswerWriter;
  /** Why whoever sends may not send any more; what came before is still answered. */
  readonly refusal: () => Problem | null;
  readonly pendingOf: (scan: { scanId: string; plant: string | null }, deadlineMs: number) => PendingAnswer;
  readonly answersOf: (answers: BatchAnswers, moments: BatchMoments) => (AnswerOrProblem | Promise<AnswerOrProblem>)[];
}

type Rows = (AnswerOrProblem | Promise<AnswerOrProblem>)[];

/** Lines that went into the pipeline together, until their answers have been written. */
interface Taken {
  readonly lines: ScanLines;
  /** Of the lines; their buffer itself goes to the thread that parses them. */
  readonly bytes: number;
  readonly arrivedAtMs: readonly number[];
  readonly takenAtMs: number;
  /** Lines that do not wait for ever, by row. */
  readonly pending: ReadonlyMap<number, PendingAnswer>;
  readonly rows: PromiseWithResolvers<Rows>;
  readonly written: PromiseWithResolvers<void>;
}

/**
 * Scans line by line on one connection, answered line by line in the same order. As many lines as have come go through the
 * pipeline together; no more are read than it takes, and it takes no more than are answered and read.
 */
export class ScanStream {
  readonly #ports: StreamPorts;
  readonly #builder: ScanLinesBuilder;
  #arrivedAtMs: number[] = [];
  #pending = new Map<number, PendingAnswer>();
  #line = 0;
  /** Batches that were taken and have no verdicts yet. */
  #working = 0;
  #isFull = false;
  #isEnded = false;
  #wakeTaker = () => {};
  #wakeReader = () => {};
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: StreamPorts) {
    this.#ports = ports;
    this.#builder = new ScanLinesBuilder(ports.label, ports.origin);
  }

  source(input: Readable): ScanSource {
    const take = () => this.#take();
    const answer = (taken: Taken, answers: BatchAnswers) => this.#answer(taken, answers);
    void this.#read(input);
    return {
      name: 'http-stream',
      async *batches() {
        for (let taken = await take(); taken !== null; taken = await take()) {
          const batch = taken;
          yield {
            scans: batch.lines,
            position: null,
            unfinished: null,
            keepsReadings: true,
            acknowledge: (answers) => answer(batch, answers),
          };
        }
      },
    };
  }

  /** Takes nothing more than has come whole. */
  stop(): void {
    this.#isEnded = true;
    this.#wakeTaker();
    this.#wakeReader();
  }

  /** Until all that was taken has been answered and written. */
  written(): Promise<void> {
    return this.#writing;
  }

  async #read(input: Readable): Promise<void> {
    try {
      // Whoever stops reading still has answers to write on the same socket.
      const chunks = input.iterator({ destroyOnReturn: false });
      for await (const lines of readLines(chunks, STREAM_LINE_BYTES_MAX)) {
        for (const read of lines) {
          const line = isTooDeep(read) ? skipped(read) : read;
          while (this.#isFull && !this.#isEnded) await new Promise<void>((resolve) => (this.#wakeReader = resolve));
          if (this.#isEnded) return;
          if (isBlank(line)) continue;
          this.#line += 1;
          this.#note(line);
          this.#isFull = this.#builder.add(line);
          if (this.#isFull) this.#wakeTaker();
        }
        this.#wakeTaker();
      }
    } catch {
      // The sender went away: what it sent whole is recorded, and half a line is none.
    } finally {
      this.stop();
    }
  }

  #note(line: Line): void {
    const row = this.#arrivedAtMs.length;
    this.#arrivedAtMs.push(performance.now());
    const deadline = deadlineOfLine(line, `${this.#ports.label}:${this.#line}`);
    if (deadline !== null) this.#pending.set(row, this.#ports.pendingOf(deadline, deadline.ms));
  }

  async #take(): Promise<Taken | null> {
    while (this.#builder.isEmpty || !this.#isWorthTaking()) {
      if (this.#builder.isEmpty && this.#isEnded) return null;
      await new Promise<void>((resolve) => (this.#wakeTaker = resolve));
    }
    const refusal = this.#ports.refusal();
    if (refusal !== null) {
      this.stop();
      this.#writing = this.#writing.then(() => this.#ports.output.write(asLine(refusal)));
      return null;
    }
    this.#working += 1;
    const lines = this.#builder.take(this.#line);
    const taken: Taken = {
      lines,
      bytes: lines.text.length,
      arrivedAtMs: this.#arrivedAtMs,
      takenAtMs: performance.now(),
      pending: this.#pending,
      rows: Promise.withResolvers(),
      written: Promise.withResolvers(),
    };
    this.#arrivedAtMs = [];
    this.#pending = new Map();
    this.#isFull = false;
    this.#wakeReader();
    this.#writing = this.#writing.then(() => this.#write(taken));
    await this.#ports.gate.enter(taken.bytes);
    return taken;
  }

  #isWorthTaking(): boolean {
    return this.#working === 0 || this.#isFull || this.#arrivedAtMs.length >= READ_AHEAD_SCANS_MIN;
  }

  async #answer(taken: Taken, answers: BatchAnswers): Promise<void> {
    this.#ports.gate.leave(taken.bytes);
    this.#working -= 1;
    this.#wakeTaker();
    const { arrivedAtMs, takenAtMs, pending } = taken;
    const moments = { arrivedAtMs: (row: number) => arrivedAtMs[row] ?? takenAtMs, takenAtMs };
    const rows = this.#ports.answersOf(answers, moments);
    for (const [row, waiting] of pending) {
      Promise.resolve(rows[row]).then(
        (answer) => answer !== undefined && waiting.settle(answer),
        (error: Error) => waiting.fail(error),
      );
    }
    taken.rows.resolve(rows);
    await taken.written.promise;
  }

  async #write(taken: Taken): Promise<void> {
    try {
      await this.#writeRows(taken);
    } catch {
      // An answer that could not be had must not be skipped: the sender asks again for all that is missing.
      this.#ports.output.cut();
    }
    taken.written.resolve();
  }

  async #writeRows({ arrivedAtMs, pending, rows }: Taken): Promise<void> {
    const { output } = this.#ports;
    if (pending.size === 0) {
      const answers = await Promise.all(await rows.promise);
      return output.write(answers.map(asLine).join(''));
    }
    for (let row = 0; row < arrivedAtMs.length; row++) {
      const answer = await (pending.get(row)?.answer ?? rows.promise.then((all) => all[row]));
      if (answer !== undefined) await output.write(asLine(answer));
    }
  }
}

function asLine(answer: AnswerOrProblem): string {
  return `${JSON.stringify(answer)}\n`;
}

const SPACE = 0x20;
const ASCII_END = 0x80;

/** As the parser of lines sees it: an empty line is no scan and has no answer. */
function isBlank({ bytes }: Line): boolean {
  if (bytes === null) return false;
  const visible = bytes.findIndex((byte) => byte > SPACE);
  if (visible === -1) return true;
  // Other blanks than these start with a byte beyond ASCII.
  return (bytes[visible] ?? 0) >= ASCII_END && lineText(bytes, 0, bytes.length).trim() === '';
}

/** Longer lines than a file of scans may have carry images: brackets in their place would keep a reader busy for long. */
function isTooDeep({ bytes }: Line): boolean {
  return bytes !== null && bytes.length > LINE_BYTES_MAX && isDeeperThan(bytes, JSON_DEPTH_MAX);
}

function skipped(line: Line): Line {
  return { ...line, bytes: null, skippedDigest: hash('sha256', line.bytes ?? '') };
}

const DEADLINE_FIELD = Buffer.from('"deadlineMs"');

/** Most lines have no deadline: those are parsed by the readers alone. */
function deadlineOfLine({ bytes }: Line, fallbackId: string) {
  if (bytes === null || !bytes.includes(DEADLINE_FIELD)) return null;
  const record = recordOf(bytes);
  if (!isObject(record) || !isDeadline(record.deadlineMs)) return null;
  return { scanId: textOf(record.scanId) ?? fallbackId, plant: textOf(record.plant), ms: record.deadlineMs };
}

function recordOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(lineText(bytes, 0, bytes.length));
  } catch {
    // Whoever parses the lines says so in its verdict.
    return null;
  }
}
