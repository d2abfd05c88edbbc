import { READER_MS_MAX, READER_ORDERS_AHEAD, READER_RESIDENT_BYTES_MAX } from '../limits.ts';
import type { ImageAnswer, ImageOrder, ProcessFailure } from './orders.ts';
import { type ProcessLimits, ReaderProcess } from './reader-process.ts';

const ENTRY = new URL('entry.ts', import.meta.url);
const LIMITS: ProcessLimits = { imageMsMax: READER_MS_MAX, residentBytesMax: READER_RESIDENT_BYTES_MAX };
/** An image that ends a second process is given up: the first time it may have been an accident. */
const ATTEMPTS_MAX = 2;

/** An order on its way, with how often a process died at it. */
export interface Pending {
  readonly order: ImageOrder;
  readonly resolve: (answer: ImageAnswer) => void;
  readonly reject: (error: Error) => void;
  attempts: number;
}

/** What became of the images: by the rung that read them, or by the reason why none did; and processes replaced. */
export interface ImageCounts {
  readonly rungs: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly restarts: number;
}

/**
 * Processes that read images. Decoders of images are native code that hostile bytes may crash or keep busy for ever,
 * and neither a crash nor native memory can be contained in a thread: so each has a process that may be killed. It is
 * replaced, the image it was at is tried once more and then given up, and all others are read as if nothing had
 * happened (docs/decisions/0011).
 */
export class ImageReaders {
  readonly #processes: ReaderProcess[];
  readonly #waiting: Pending[] = [];
  readonly #rungs = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #restarts = 0;

  constructor(processes: number, entry: URL = ENTRY, limits: ProcessLimits = LIMITS) {
    this.#processes = Array.from(
      { length: processes },
      () =>
        new ReaderProcess(entry, limits, {
          onIdle: () => this.#dispatch(),
          onDeath: (cause, orders) => this.#retry(cause, orders),
          onBroken: (error) => this.#fail(error),
        }),
    );
  }

  /** Has the processes ready before the first image comes. */
  start(): void {
    for (const process of this.#processes) process.start();
  }

  /** @throws when the processes do not even start. */
  async read(order: ImageOrder): Promise<ImageAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ImageAnswer>();
    this.#waiting.push({ order, resolve, reject, attempts: 0 });
    this.#dispatch();
    const answer = await promise;
    if ('failure' in answer) count(this.#failures, answer.failure);
    else count(this.#rungs, answer.rung);
    return answer;
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

  /** To the process with the least to do: each holds one order more than it works on, lest it wait for the next. */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const process = this.#processes.reduce((least, other) => (other.orders < least.orders ? other : least));
      if (process.orders >= READER_ORDERS_AHEAD) return;
      const next = this.#waiting.shift();
      if (next !== undefined) process.take(next);
    }
  }

  /** The first order is the one the process was at. */
  #retry(cause: ProcessFailure, [suspect, ...others]: readonly Pending[]): void {
    this.#restarts += 1;
    this.#waiting.unshift(...others);
    if (suspect !== undefined) {
      suspect.attempts += 1;
      if (suspect.attempts < ATTEMPTS_MAX) this.#waiting.unshift(suspect);
      else suspect.resolve({ failure: cause, candidates: [], readMs: 0 });
    }
    this.#dispatch();
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
