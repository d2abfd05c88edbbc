import type { ScanStream } from './scan-stream.ts';

/** Streams that are open, so that they can be looked at and ended in order. */
export class Streams {
  readonly #open = new Map<ScanStream, Promise<void>>();

  get count(): number {
    return this.#open.size;
  }

  /** Lines of all of them without a verdict. */
  get depth(): number {
    let lines = 0;
    for (const { depth } of this.#open.keys()) lines += depth;
    return lines;
  }

  /** When the oldest line came that is worked on, as performance.now tells it; null when there is none. */
  get oldestAtMs(): number | null {
    let oldest: number | null = null;
    for (const { oldestAtMs } of this.#open.keys()) {
      if (oldestAtMs !== null && (oldest === null || oldestAtMs < oldest)) oldest = oldestAtMs;
    }
    return oldest;
  }

  async run(stream: ScanStream, work: Promise<void>): Promise<void> {
    this.#open.set(stream, work);
    try {
      await work;
    } finally {
      this.#open.delete(stream);
    }
  }

  /** Each answers what it has read and ends. */
  async end(): Promise<void> {
    for (const stream of this.#open.keys()) stream.stop();
    await Promise.all(this.#open.values());
  }
}
