import { ActiveClients, FairClock, FairQueue } from '../../sharing/index.ts';
import { DEAR_IMAGE_MS, READER_MS_MAX, READER_ORDERS_AHEAD, READER_RESIDENT_BYTES_MAX } from '../limits.ts';
import { ImageCosts } from './image-costs.ts';
import type { ImageAnswer, ImageOrder, ProcessFailure } from './orders.ts';
import { type Pending, type ProcessLimits, ReaderProcess } from './reader-process.ts';

const ENTRY = new URL('entry.ts', import.meta.url);
const LIMITS: ProcessLimits = { imageMsMax: READER_MS_MAX, residentBytesMax: READER_RESIDENT_BYTES_MAX };
/** An image that ends a second process is given up: the first time it may have been an accident. */
const ATTEMPTS_MAX = 2;

/** What became of the images: by the rung that read them, or by the reason why none did; and processes replaced. */
export interface ImageCounts {
  readonly rungs: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly restarts: number;
}

/**
 * Processes that read images. Decoders of images are native code that hostile bytes may crash or keep busy forever,
 * and neither a crash nor native memory can be contained in a thread: so each has a process that may be killed. It is
 * replaced, the image it was at is tried once more and then given up, and all others are read as if nothing had
 * happened (docs/decisions/0011). Clients take turns by the time that their images have taken (docs/decisions/0028).
 */
export class ImageReaders {
  readonly #processes: ReaderProcess[];
  readonly #clock = new FairClock();
  readonly #waiting = new FairQueue<Pending>(this.#clock);
  readonly #costs = new ImageCosts();
  readonly #active = new ActiveClients();
  readonly #rungs = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #restarts = 0;

  constructor(processes: number, entry: URL = ENTRY, limits: ProcessLimits = LIMITS) {
    this.#processes = Array.from(
      { length: processes },
      () =>
        new ReaderProcess(entry, limits, {
          onRead: (pending, ms, processorMs) => this.#read(pending, ms, processorMs),
          onDeath: (cause, orders, ms) => this.#retry(cause, orders, ms),
          onBroken: (error) => this.#fail(error),
        }),
    );
  }

  /** Has the processes ready before the first image comes. */
  start(): void {
    for (const process of this.#processes) process.start();
  }

  /** @throws when the processes do not even start. */
  async read(order: ImageOrder, client = ''): Promise<ImageAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ImageAnswer>();
    this.#active.note(client);
    this.#waiting.push(client, { order, client, resolve, reject, attempts: 0, expectedMs: 0 });
    this.#dispatch();
    const answer = await promise;
    if ('failure' in answer) count(this.#failures, answer.failure);
    else count(this.#rungs, answer.rung);
    return answer;
  }

  /** Milliseconds that an image of a client has taken of late, on the mean; 0 as long as none was read. */
  msOf(client: string): number {
    return this.#costs.meanMs(client);
  }

  get counts(): ImageCounts {
    return {
      rungs: Object.fromEntries(this.#rungs),
      failures: Object.fromEntries(this.#failures),
      restarts: this.#restarts,
    };
  }

  close(): void {
    for (const process of this.#processes) process.close();
    this.#fail(new Error('the readers of images were closed'));
  }

  /**
   * To the process with the least to do. Each holds one order more than it works on, so that it never waits for the next, but
   * none behind a dear one; and where there are two processes and several clients, dear ones do not take the last.
   */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const process = this.#processes.reduce((least, other) => (other.load() < least.load() ? other : least));
      if (process.load() >= READER_ORDERS_AHEAD) return;
      const mayBeDear = process.orders === 0 && this.#leavesOne(process);
      const next = this.#waiting.peek((client, { order }) => mayBeDear || !this.#isDear(client, order));
      if (next === undefined) return;
      const pending = next.item;
      pending.expectedMs = this.#costs.expectedMs(next.client, orderBytes(pending.order));
      this.#waiting.take(next.client, pending.expectedMs);
      process.take(pending);
    }
  }

  /** Whether a dear image at this process would leave another one to those that are not. */
  #leavesOne(process: ReaderProcess): boolean {
    if (this.#processes.length === 1 || !this.#active.areSeveral) return true;
    return this.#processes.some((other) => other !== process && !other.isAtDear());
  }

  #isDear(client: string, order: ImageOrder): boolean {
    return this.#costs.expectedMs(client, orderBytes(order)) >= DEAR_IMAGE_MS;
  }

  /** Who pays and who is dear goes by the processor, how long others wait by the clock. */
  #read({ client, order, expectedMs }: Pending, ms: number, processorMs: number): void {
    this.#clock.correct(client, processorMs - expectedMs);
    this.#costs.note(client, orderBytes(order), ms, processorMs);
    this.#dispatch();
  }

  /** The first order is the one the process was at for so long. */
  #retry(cause: ProcessFailure, [suspect, ...others]: readonly Pending[], ms: number): void {
    this.#restarts += 1;
    for (const other of others.toReversed()) this.#putBack(other);
    if (suspect !== undefined) {
      this.#costs.note(suspect.client, orderBytes(suspect.order), ms, ms);
      suspect.attempts += 1;
      if (suspect.attempts < ATTEMPTS_MAX) this.#putBack(suspect, ms);
      else {
        this.#clock.correct(suspect.client, ms - suspect.expectedMs);
        suspect.resolve({ failure: cause, candidates: [], readMs: 0 });
      }
    }
    this.#dispatch();
  }

  /** In front of all of its client, who pays for the time that was spent on it and for no more. */
  #putBack(pending: Pending, ms = 0): void {
    this.#clock.correct(pending.client, ms - pending.expectedMs);
    this.#waiting.putBack(pending.client, pending);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.clear()) reject(error);
  }
}

/** Of a file on a disk here the size is not known before it is read: sources of files have one client. */
function orderBytes({ bytes }: ImageOrder): number {
  return bytes?.length ?? 0;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
