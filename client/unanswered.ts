import { STREAM_UNANSWERED_CHARS_MAX, STREAM_UNANSWERED_MAX } from './limits.ts';
import type { LineConnection } from './line-connection.ts';
import { type SorterScan, scanLine } from './scan-body.ts';

export interface Sent {
  readonly scan: SorterScan;
  readonly chars: number;
  readonly queuedAtMs: number;
}

/**
 * The scans of a stream that have no answer yet, in their order. They outlive connections: a new one gets all of them
 * first. There is room for so many, which holds the caller up as long as the server does.
 */
export class Unanswered {
  readonly #scans: AsyncIterator<SorterScan>;
  readonly #deadlineMs: number | undefined;
  readonly #queue: Sent[] = [];
  #chars = 0;
  #connection: LineConnection | null = null;
  #isExhausted = false;
  #failure: { readonly error: unknown } | null = null;
  #onRoom: (() => void) | null = null;
  #onWork: (() => void) | null = null;

  constructor(scans: AsyncIterable<SorterScan>, deadlineMs: number | undefined) {
    this.#scans = scans[Symbol.asyncIterator]();
    this.#deadlineMs = deadlineMs;
    void this.#takeAll();
  }

  /** True once there is something to answer; false when there never will be. */
  async hasMore(): Promise<boolean> {
    while (this.#queue.length === 0 && !this.#isExhausted) {
      await new Promise<void>((resolve) => {
        this.#onWork = resolve;
      });
    }
    if (this.#queue.length === 0 && this.#failure !== null) throw this.#failure.error;
    return this.#queue.length > 0;
  }

  get oldest(): Sent | undefined {
    return this.#queue[0];
  }

  /** The oldest was answered. */
  settle(): Sent | undefined {
    const sent = this.#queue.shift();
    this.#chars -= sent?.chars ?? 0;
    this.#onRoom?.();
    return sent;
  }

  /** From now on scans go there, those first that have no answer. */
  attach(connection: LineConnection): void {
    this.#connection = connection;
    for (const { scan, queuedAtMs } of this.#queue) connection.send(this.#lineOf(scan, performance.now() - queuedAtMs));
    if (this.#isExhausted) connection.end();
  }

  detach(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }

  /** Nothing more is taken. Not awaited: a source that has nothing to give would hold it up. */
  close(): void {
    this.detach();
    void this.#scans.return?.();
  }

  async #takeAll(): Promise<void> {
    try {
      for (let next = await this.#scans.next(); next.done !== true; next = await this.#scans.next()) {
        const line = this.#lineOf(next.value, 0);
        this.#queue.push({ scan: next.value, chars: line.length, queuedAtMs: performance.now() });
        this.#chars += line.length;
        this.#connection?.send(line);
        this.#onWork?.();
        await this.#connection?.drained();
        await this.#room();
      }
    } catch (error) {
      // Of the caller's own scans, and thrown to the caller once those before it are answered.
      this.#failure = { error };
    }
    this.#isExhausted = true;
    this.#connection?.end();
    this.#onWork?.();
  }

  async #room(): Promise<void> {
    while (this.#queue.length >= STREAM_UNANSWERED_MAX || this.#chars >= STREAM_UNANSWERED_CHARS_MAX) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    }
  }

  #lineOf(scan: SorterScan, elapsedMs: number): string {
    const deadlineMs = scan.deadlineMs ?? this.#deadlineMs;
    if (deadlineMs === undefined) return scanLine(scan);
    return scanLine({ ...scan, deadlineMs: Math.max(1, Math.round(deadlineMs - elapsedMs)) });
  }
}
