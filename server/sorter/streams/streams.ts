import { ProblemError } from '../../../api/index.ts';
import { SharedRoom } from '../../../sharing/index.ts';
import { BUSY_RETRY_SECONDS, STREAMS_MAX } from '../../limits.ts';
import type { ScanStream } from './scan-stream.ts';

/** Streams that are open, so that they can be looked at and ended in order. */
export class Streams {
  readonly #open = new Map<ScanStream, Promise<void>>();
  readonly #places = new SharedRoom(STREAMS_MAX);

  get count(): number {
    return this.#open.size;
  }

  /** Lines of all of them without a verdict. */
  get depth(): number {
    let lines = 0;
    for (const { depth } of this.#open.keys()) lines += depth;
    return lines;
  }

  /** By client. */
  *depths(): Iterable<readonly [string, number]> {
    for (const { client, depth } of this.#open.keys()) yield [client, depth];
  }

  /** When the oldest line came that is worked on, as performance.now tells it; null when there is none. */
  get oldestAtMs(): number | null {
    let oldest: number | null = null;
    for (const { oldestAtMs } of this.#open.keys()) {
      if (oldestAtMs !== null && (oldest === null || oldestAtMs < oldest)) oldest = oldestAtMs;
    }
    return oldest;
  }

  /** @throws ProblemError when there is no room for another of this client. */
  refuseWhenFull(client: string): void {
    if (this.#places.hasFor(client, 1)) return;
    const detail = `${this.#places.heldBy(client)} of your streams are open`;
    throw new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS);
  }

  async run(stream: ScanStream, work: Promise<void>): Promise<void> {
    const { client } = stream;
    this.#open.set(stream, work);
    this.#places.add(client, 1);
    try {
      await work;
    } finally {
      this.#open.delete(stream);
      this.#places.release(client, 1);
    }
  }

  /** Each answers what it has read and ends. */
  async end(): Promise<void> {
    for (const stream of this.#open.keys()) stream.stop();
    await Promise.all(this.#open.values());
  }
}
