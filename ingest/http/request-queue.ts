import { BATCH_SCANS_MAX, type Scan } from '../../indicium/index.ts';
import type { BatchAnswers, ScanBatch, ScanSource } from '../source.ts';
import { QUEUE_BYTES_MAX, QUEUE_WAIT_MS_MAX, READ_AHEAD_SCANS_MIN, RETRY_AFTER_SECONDS_MAX } from './limits.ts';
import type { PendingAnswer } from './pending-answer.ts';
import { ServiceRate } from './service-rate.ts';

/** A scan whose sender waits. */
export interface QueuedScan {
  readonly scan: Scan;
  /** Of what came in, for the bound on memory. */
  readonly bytes: number;
  readonly pending: PendingAnswer;
}

export interface QueueLimits {
  /** Scans that wait or are worked on. */
  readonly scansMax: number;
  /** So many are let in without a look at the rate. */
  readonly scansFree: number;
  /** Scans in a batch: images are read one by one, each by its own way through the pipeline. */
  readonly batchScansMax: number;
}

/** What became of a batch of requests. */
export interface AnsweredBatch {
  readonly batch: readonly QueuedScan[];
  readonly answers: BatchAnswers;
  /** As performance.now tells it. */
  readonly takenAtMs: number;
}

/**
 * Scans of requests, which wait here until the pipeline pulls them: as many as wait, in one batch. The queue is bounded by
 * scans, by bytes, and by the time that they will take at the rate of the last second: whoever would wait too long is
 * refused at once, while those before it are answered in time.
 */
export class RequestQueue {
  readonly #limits: QueueLimits;
  readonly #onAnswered: (answered: AnsweredBatch) => Promise<void>;
  readonly #rate = new ServiceRate();
  readonly #working = new Set<readonly QueuedScan[]>();
  #waiting: QueuedScan[] = [];
  #scans = 0;
  #bytes = 0;
  #wakers: (() => void)[] = [];
  #isEnded = false;

  constructor(limits: QueueLimits, onAnswered: (answered: AnsweredBatch) => Promise<void>) {
    this.#limits = limits;
    this.#onAnswered = onAnswered;
  }

  /** Scans that wait or are worked on. */
  get depth(): number {
    return this.#scans;
  }

  /** Of the oldest scan without a verdict, as performance.now tells it; null when there is none. */
  get oldestAtMs(): number | null {
    const [working] = this.#working;
    return working?.[0]?.pending.arrivedAtMs ?? this.#waiting[0]?.pending.arrivedAtMs ?? null;
  }

  /** Seconds after which so much more may be let in; null when it may be now. */
  retryAfterSeconds(scans: number, bytes: number): number | null {
    const { scansMax, scansFree } = this.#limits;
    const after = this.#scans + scans;
    const isEmpty = this.#scans === 0;
    const isTooMany = after > scansMax || (after > scansFree && this.#rate.msFor(this.#scans) > QUEUE_WAIT_MS_MAX);
    if (isEmpty || !(isTooMany || this.#bytes + bytes > QUEUE_BYTES_MAX)) return null;
    const seconds = Math.ceil(this.#rate.msFor(this.#scans) / 1_000);
    return Math.min(Math.max(seconds, 1), RETRY_AFTER_SECONDS_MAX);
  }

  /** To be called only with what may be let in. */
  add(scans: readonly QueuedScan[]): void {
    this.#waiting.push(...scans);
    this.#scans += scans.length;
    this.#bytes += bytesOf(scans);
    for (const wake of this.#wakers.splice(0)) wake();
  }

  /** All that wait for an answer. */
  *pending(): Iterable<PendingAnswer> {
    for (const batch of [...this.#working, this.#waiting]) for (const { pending } of batch) yield pending;
  }

  /** No more scans come: sources end once what waits has been taken. */
  end(): void {
    this.#isEnded = true;
    for (const wake of this.#wakers.splice(0)) wake();
  }

  /**
   * Several may run at a time; `readsAhead` where a batch may be taken before the one before it was answered, if it is
   * worth it.
   */
  source(name: string, readsAhead: boolean): ScanSource {
    const isWorth = () => {
      return !readsAhead || this.#working.size === 0 || this.#waiting.length >= READ_AHEAD_SCANS_MIN;
    };
    const take = () => this.#take(isWorth);
    const done = (answered: AnsweredBatch) => this.#done(answered);
    return {
      name,
      async *batches() {
        for (let batch = await take(); batch !== null; batch = await take()) {
          const answered = Promise.withResolvers<void>();
          yield batchOf(batch, async (answers, takenAtMs) => {
            await done({ batch, answers, takenAtMs });
            answered.resolve();
          });
          if (!readsAhead) await answered.promise;
        }
      },
    };
  }

  async #take(isWorth: () => boolean): Promise<readonly QueuedScan[] | null> {
    while (this.#waiting.length === 0 || !isWorth()) {
      if (this.#waiting.length === 0 && this.#isEnded) return null;
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
    const batch = this.#waiting.splice(0, this.#limits.batchScansMax);
    this.#working.add(batch);
    return batch;
  }

  #done(answered: AnsweredBatch): Promise<void> {
    const { batch, takenAtMs } = answered;
    this.#working.delete(batch);
    this.#scans -= batch.length;
    this.#bytes -= bytesOf(batch);
    this.#rate.note(batch.length, takenAtMs, performance.now());
    for (const wake of this.#wakers.splice(0)) wake();
    return this.#onAnswered(answered);
  }
}

function batchOf(
  batch: readonly QueuedScan[],
  onAnswers: (answers: BatchAnswers, takenAtMs: number) => Promise<void>,
): ScanBatch {
  const takenAtMs = performance.now();
  return {
    scans: batch.map(({ scan }) => scan),
    position: null,
    unfinished: null,
    keepsReadings: true,
    acknowledge: (answers) => onAnswers(answers, takenAtMs),
  };
}

function bytesOf(scans: readonly QueuedScan[]): number {
  return scans.reduce((total, { bytes }) => total + bytes, 0);
}

/** Payloads: as many as wait at once. */
export const PAYLOAD_BATCH_SCANS_MAX = BATCH_SCANS_MAX;
