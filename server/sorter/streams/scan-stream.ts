import type { Readable } from 'node:stream';
import { type AnswerOrProblem, type Problem, ProblemError, problem } from '../../../api/index.ts';
import { type BatchAnswers, isBlank, type Line, readLines, type ScanSource } from '../../../scans/index.ts';
import { WakeUp } from '../../../sharing/index.ts';
import {
  BYTES_PER_SCAN_COST,
  READ_AHEAD_SCANS_MIN,
  STREAM_BATCHES_UNREAD_MAX,
  STREAM_LINE_BYTES_MAX,
} from '../../limits.ts';
import { AnswerOrder } from './answer-order.ts';
import { GatheredLines } from './gathered-lines.ts';
import type { InFlight, Row } from './in-flight-lines.ts';
import { deadlineOfLine, withinBounds } from './stream-line.ts';
import type { StreamPorts } from './stream-ports.ts';

/** A line that has come and has no verdict yet. */
const ENDED_EARLY = 'the stream ends here: send again, on a new one, all lines that have no answer';

/**
 * Scans line by line on one connection, answered line by line in the same order. As many lines as have come go through the
 * pipeline together; no more are read than it takes, and it takes no more than are answered and read. The deadline of a
 * line holds from its arrival, wherever it waits.
 */
export class ScanStream {
  readonly #ports: StreamPorts;
  readonly #gathered: GatheredLines<Row>;
  readonly #order: AnswerOrder;
  readonly #inFlight = new Set<InFlight>();
  #lines = 0;
  /** Lines that have a place among the answers. */
  #noted = 0;
  /** Batches whose answers are there and have not gone out. */
  #unread = 0;
  #isEnded = false;
  /** Until the batch that was taken last has had its turn: they are recorded in their order. */
  #turns = Promise.resolve();
  readonly #taker = new WakeUp();
  readonly #reader = new WakeUp();

  constructor(ports: StreamPorts) {
    this.#ports = ports;
    this.#gathered = new GatheredLines(ports.label, ports.origin, ports.active);
    this.#order = new AnswerOrder(ports.output);
  }

  get client(): string {
    return this.#ports.client;
  }

  /** Lines without a verdict. */
  get depth(): number {
    let inFlight = 0;
    for (const { rows } of this.#inFlight) inFlight += rows.length;
    return inFlight + this.#gathered.depth;
  }

  /**
   * When the oldest line came that the pipeline works on, as performance.now tells it; null when there is none. Those that
   * wait for their sender to read his answers do not count: nobody else can help that.
   */
  get oldestAtMs(): number | null {
    const [oldest] = this.#inFlight;
    return oldest?.rows[0]?.arrivedAtMs ?? null;
  }

  source(input: Readable): ScanSource {
    const take = () => this.#take();
    const answer = (inFlight: InFlight, answers: BatchAnswers) => this.#answer(inFlight, answers);
    const turn = (inFlight: InFlight) => this.#turn(inFlight);
    const { client } = this.#ports;
    void this.#read(input);
    return {
      name: 'http-stream',
      async *batches() {
        for (let inFlight = await take(); inFlight !== null; inFlight = await take()) {
          const batch = inFlight;
          yield {
            scans: batch.lines,
            position: null,
            notices: [],
            keepsReadings: true,
            client,
            turn: () => turn(batch),
            acknowledge: (answers) => answer(batch, answers),
          };
        }
      },
    };
  }

  /** Takes nothing more than has come whole. A sender who had not ended is told so in the last line. */
  stop(): void {
    if (!this.#isEnded) this.#order.settle(this.#order.add(), this.#ending(problem('draining', ENDED_EARLY)));
    this.#end();
  }

  #end(): void {
    this.#isEnded = true;
    this.#taker.wake();
    this.#reader.wake();
  }

  #ending(cause: Problem): Problem {
    return { ...cause, endedAfterLine: this.#noted };
  }

  /** Until all that is in flight has been answered and written. */
  written(): Promise<void> {
    return this.#order.written();
  }

  async #read(input: Readable): Promise<void> {
    try {
      // After reading stops there are still answers to write on the same socket.
      const chunks = this.#paced(input.iterator({ destroyOnReturn: false }));
      for await (const lines of readLines(chunks, STREAM_LINE_BYTES_MAX)) {
        if (this.#isEnded) return;
        this.#ports.active.note(this.#ports.client);
        const arrivedAtMs = performance.now();
        for (const line of lines)
          if (line.bytes === null || !isBlank(line.bytes)) this.#note(withinBounds(line), arrivedAtMs);
        this.#taker.wake();
        while (this.#gathered.isFull && !this.#isEnded) await this.#reader.wait();
      }
    } catch {
      // The sender went away: what it sent whole is recorded, and half a line does not count.
    } finally {
      this.#end();
    }
  }

  /** Lines may be megabytes long, so that the pace is kept between chunks of them. */
  async *#paced(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk;
      await this.#ports.paid(chunk.length);
    }
  }

  #note(line: Line, arrivedAtMs: number): void {
    const { label, origin, pendingOf } = this.#ports;
    const place = this.#order.add();
    this.#noted += 1;
    const deadline = deadlineOfLine(line, origin, `${label}:${this.#lines + 1}`);
    if (deadline !== null && 'code' in deadline) {
      this.#order.settle(place, deadline);
      return;
    }
    this.#lines += 1;
    const pending = deadline === null ? null : pendingOf(deadline, arrivedAtMs, deadline.ms);
    pending?.answer.then(
      (answer) => this.#order.settle(place, answer),
      () => this.#order.fail(place),
    );
    this.#gathered.add(line, { place, arrivedAtMs, pending });
  }

  async #take(): Promise<InFlight | null> {
    const gathered = this.#gathered;
    while (gathered.isEmpty || this.#unread >= STREAM_BATCHES_UNREAD_MAX || !this.#isWorthTaking()) {
      if (this.#isEnded && gathered.isEmpty) return null;
      await this.#taker.wait();
    }
    // Until then the lines stay where they keep more from being read.
    const { bytes } = gathered;
    const { semaphores, client, refusal: refusalNow } = this.#ports;
    await semaphores.bytes.enter(bytes, client);
    const refusal = refusalNow();
    if (refusal !== null) {
      semaphores.bytes.leave(bytes, client);
      this.#refuse(refusal);
      return null;
    }
    const { lines, rows } = gathered.take();
    const weight = rows.length + lines.text.length / BYTES_PER_SCAN_COST;
    const inFlight = { lines, rows, bytes, weight, takenAtMs: performance.now() };
    this.#inFlight.add(inFlight);
    if (!gathered.isFull) this.#reader.wake();
    return inFlight;
  }

  /** When the images of a batch are read, its lines wait for their turn in the readers, one batch after another. */
  #turn({ weight }: InFlight): Promise<void> {
    const { semaphores, client } = this.#ports;
    this.#turns = this.#turns.then(() => semaphores.lines.enter(weight, client));
    return this.#turns;
  }

  /** A line or two beside a batch that is being recorded would be a transaction of their own. */
  #isWorthTaking(): boolean {
    return this.#inFlight.size === 0 || this.#gathered.isFull || this.#gathered.length >= READ_AHEAD_SCANS_MIN;
  }

  /** In the place of the lines that have come and are no longer in flight. */
  #refuse(refusal: Problem): void {
    const isEarly = !this.#isEnded;
    this.#end();
    const rows = this.#gathered.drop();
    this.#noted -= rows.length;
    for (const { place } of rows) this.#order.leaveOut(place);
    for (const { pending } of rows) pending?.fail(new ProblemError(refusal.code, refusal.detail));
    this.#order.settle(this.#order.add(), isEarly || rows.length > 0 ? this.#ending(refusal) : refusal);
  }

  async #answer(inFlight: InFlight, answers: BatchAnswers): Promise<void> {
    const { semaphores, client, answersOf } = this.#ports;
    const { rows, takenAtMs } = inFlight;
    semaphores.bytes.leave(inFlight.bytes, client);
    semaphores.lines.leave(inFlight.weight);
    this.#inFlight.delete(inFlight);
    this.#taker.wake();
    const given = answersOf(answers, { arrivedAtMs: (row) => rows[row]?.arrivedAtMs ?? takenAtMs, takenAtMs });
    for (const [index, row] of rows.entries()) {
      const answer = given[index];
      if (answer === undefined) throw new Error('a line was recorded without an answer');
      if (!(answer instanceof Promise)) this.#settle(row, answer);
      else
        answer.then(
          (late) => this.#settle(row, late),
          (error: Error) => (row.pending === null ? this.#order.fail(row.place) : row.pending.fail(error)),
        );
    }
    // Not waited for: what this stream has in the pipeline would stay there, in the way of others.
    this.#unread += 1;
    void this.#order.written(rows.at(-1)?.place).then(() => {
      this.#unread -= 1;
      this.#taker.wake();
    });
    await this.#ports.room();
  }

  #settle({ place, pending }: Row, verdict: AnswerOrProblem): void {
    if (pending === null) this.#order.settle(place, verdict);
    else pending.settle(verdict);
  }
}
