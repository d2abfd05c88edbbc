import { BATCH_SCANS_MAX, type Scan } from '../../indicium/index.ts';
import type { BatchAnswers, ScanBatch, ScanSource } from '../../scans/index.ts';
import { ActiveClients, FairClock, FairQueue, SharedRoom, WakeUp } from '../../sharing/index.ts';
import {
  QUEUE_BYTES_MAX,
  QUEUE_WAIT_MS_MAX,
  READ_AHEAD_SCANS_MIN,
  RETRY_AFTER_SECONDS_MAX,
  SHARED_BATCH_COST_MAX,
  SHARED_BATCHES_AHEAD_MAX,
  STORED_BYTES_PER_SCAN_COST,
} from '../limits.ts';
import type { PendingAnswer } from './pending-answer.ts';
import { ServiceRate } from './service-rate.ts';

/** A scan whose sender waits. */
export interface QueuedScan {
  readonly scan: Scan;
  /** Of what came in, for the bound on memory. */
  readonly bytes: number;
  /** Who sent it: the id of a token, or '' where everybody on this machine may send. */
  readonly client: string;
  readonly pending: PendingAnswer;
}

interface QueueLimits {
  /** Scans of one client that wait or are worked on. */
  readonly scansMax: number;
  /** So many of a client are let in without a look at the rate. */
  readonly scansFree: number;
  /** Scans in a batch: images are read one by one, each by its own way through the pipeline. */
  readonly batchScansMax: number;
}

/** Whose turn it is, over all ways in; and how long the work of a client takes where that is measured elsewhere. */
interface QueueShares {
  readonly clock: FairClock;
  readonly active: ActiveClients;
  /** Milliseconds that so many scans of a client take when it has everything for itself; null to go by what the queue has seen. */
  readonly msFor: ((client: string, scans: number) => number) | null;
}

/** What became of a batch of requests. */
export interface AnsweredBatch {
  readonly batch: readonly QueuedScan[];
  readonly answers: BatchAnswers;
  /** As performance.now tells it. */
  readonly takenAtMs: number;
}

/**
 * Scans of requests, which wait here until the pipeline pulls them: as many as wait, in one batch, in fair order between those
 * who sent them. What a client may have here is bounded by scans, by bytes, and by the time that they will take at its share of
 * the rate of the last second: one that would wait too long is refused at once, no matter what others have here, and
 * those before it are answered in time.
 */
export class RequestQueue {
  readonly #limits: QueueLimits;
  readonly #shares: QueueShares;
  readonly #onAnswered: (answered: AnsweredBatch) => Promise<unknown>;
  readonly #rate = new ServiceRate();
  readonly #working = new Set<readonly QueuedScan[]>();
  readonly #waiting: FairQueue<QueuedScan>;
  readonly #scans: SharedRoom;
  readonly #bytes = new SharedRoom(QUEUE_BYTES_MAX);
  readonly #wakeUp = new WakeUp();
  #isEnded = false;

  constructor(
    limits: QueueLimits,
    onAnswered: (answered: AnsweredBatch) => Promise<unknown>,
    shares: QueueShares = { clock: new FairClock(), active: new ActiveClients(), msFor: null },
  ) {
    this.#limits = limits;
    this.#onAnswered = onAnswered;
    this.#shares = shares;
    this.#waiting = new FairQueue(shares.clock);
    this.#scans = new SharedRoom(limits.scansMax);
  }

  /** Scans that wait or are worked on. */
  get depth(): number {
    return this.#scans.held;
  }

  /** Of one client. */
  depthOf(client: string): number {
    return this.#scans.heldBy(client);
  }

  /** By client. */
  depths(): Iterable<readonly [string, number]> {
    return this.#scans.holdings();
  }

  /** Of the oldest scan without a verdict, as performance.now tells it; null when there is none. */
  get oldestAtMs(): number | null {
    let oldest: number | null = null;
    const look = (one: QueuedScan | undefined) => {
      const atMs = one?.pending.arrivedAtMs;
      if (atMs !== undefined && (oldest === null || atMs < oldest)) oldest = atMs;
    };
    for (const batch of this.#working) look(batch[0]);
    for (const first of this.#waiting.firsts()) look(first);
    return oldest;
  }

  /** Seconds after which so much more of a client may be let in; null when it may be now. */
  retryAfterSeconds(scans: number, bytes: number, client = ''): number | null {
    const waiting = this.#scans.heldBy(client);
    const waitMs = this.#waitMs(client, waiting);
    const isTooLong = waiting > 0 && waiting + scans > this.#limits.scansFree && waitMs > QUEUE_WAIT_MS_MAX;
    if (!isTooLong && this.#scans.hasFor(client, scans) && this.#bytes.hasFor(client, bytes)) return null;
    return Math.min(Math.max(Math.ceil(waitMs / 1_000), 1), RETRY_AFTER_SECONDS_MAX);
  }

  /** To be called only with what may be let in. */
  add(scans: readonly QueuedScan[]): void {
    for (const one of scans) this.#waiting.push(one.client, one);
    this.#hold(scans, 1);
    this.#wake();
  }

  /** All that wait for an answer. */
  *pending(): Iterable<PendingAnswer> {
    for (const batch of this.#working) for (const { pending } of batch) yield pending;
    for (const { pending } of this.#waiting) yield pending;
  }

  /** No more scans come: sources end once what waits has been taken. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /**
   * Several may run at a time; `readsAhead` where a batch may be taken before the one before it was answered, if it is
   * worth it.
   */
  source(name: string, readsAhead: boolean): ScanSource {
    const take = () => this.#take(readsAhead);
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

  async #take(readsAhead: boolean): Promise<readonly QueuedScan[] | null> {
    while (this.#waiting.length === 0 || (readsAhead && !this.#isWorthTaking())) {
      if (this.#waiting.length === 0 && this.#isEnded) return null;
      await this.#wakeUp.wait();
    }
    const { batchScansMax } = this.#limits;
    const costMax = this.#shares.active.areSeveral ? Math.min(batchScansMax, SHARED_BATCH_COST_MAX) : batchScansMax;
    const batch = this.#waiting.takeMany(costMax, costOf);
    this.#working.add(batch);
    return batch;
  }

  #isWorthTaking(): boolean {
    if (this.#working.size === 0) return true;
    const isAheadEnough = this.#working.size >= SHARED_BATCHES_AHEAD_MAX && this.#shares.active.areSeveral;
    return !isAheadEnough && this.#waiting.length >= READ_AHEAD_SCANS_MIN;
  }

  /** Milliseconds that so many scans take at the client's share of what is worked off. */
  #waitMs(client: string, scans: number): number {
    const { clock, msFor } = this.#shares;
    let weights = clock.weightOf(client);
    for (const [other] of this.#scans.holdings()) if (other !== client) weights += clock.weightOf(other);
    const aloneMs = msFor === null ? this.#rate.msFor(scans) : msFor(client, scans);
    return (aloneMs * weights) / clock.weightOf(client);
  }

  async #done(answered: AnsweredBatch): Promise<void> {
    const { batch, answers, takenAtMs } = answered;
    this.#working.delete(batch);
    this.#rate.note(batch.length, takenAtMs, performance.now());
    if (answers.repeatedRows.length === 0) {
      this.#hold(batch, -1);
      this.#wake();
      await this.#onAnswered(answered);
      return;
    }
    const looked = this.#onAnswered(answered);
    const repeated = new Set(answers.repeatedRows);
    const [later, now] = [batch.filter((_, row) => repeated.has(row)), batch.filter((_, row) => !repeated.has(row))];
    this.#hold(now, -1);
    this.#wake();
    // Scans that are looked up stay in the share of their client until they are found: retries do not pile up behind it.
    void looked.then(() => this.#hold(later, -1));
  }

  /** Adds scans to what their clients have here, or takes them away: those of one client that lie together at once. */
  #hold(scans: readonly QueuedScan[], sign: 1 | -1): void {
    for (let at = 0, end = 0; at < scans.length; at = end) {
      const client = scans[at]?.client ?? '';
      let bytes = 0;
      for (; scans[end]?.client === client; end++) bytes += scans[end]?.bytes ?? 0;
      this.#scans.add(client, sign * (end - at));
      this.#bytes.add(client, sign * bytes);
    }
  }

  /** As many as there is something for: each image has one that waits, and waking all of them for one takes as long as it. */
  #wake(): void {
    this.#wakeUp.wake(this.#isEnded ? undefined : Math.max(1, this.#waiting.length));
  }
}

/** In payloads, of which each takes about as long: a longer scan is parsed, hashed and written for longer. */
function costOf(_client: string, { bytes }: QueuedScan): number {
  return 1 + bytes / STORED_BYTES_PER_SCAN_COST;
}

function batchOf(
  batch: readonly QueuedScan[],
  onAnswers: (answers: BatchAnswers, takenAtMs: number) => Promise<void>,
): ScanBatch {
  const takenAtMs = performance.now();
  const [first] = batch;
  return {
    scans: batch.map(({ scan }) => scan),
    position: null,
    notices: [],
    keepsReadings: true,
    ...(first === undefined ? {} : { client: first.client }),
    acknowledge: (answers) => onAnswers(answers, takenAtMs),
  };
}

/** Payloads: as many as wait at once. */
export const PAYLOAD_BATCH_SCANS_MAX = BATCH_SCANS_MAX;
