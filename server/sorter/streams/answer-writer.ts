import type { Writable } from 'node:stream';
import { STREAM_STALL_MS_MAX } from '../../limits.ts';

/** Writes answers no faster than they are read, and cuts off a client that does not read at all. */
export class AnswerWriter {
  readonly #response: Writable;
  readonly #stallMsMax: number;

  constructor(response: Writable, stallMsMax = STREAM_STALL_MS_MAX) {
    this.#response = response;
    this.#stallMsMax = stallMsMax;
  }

  /** Ends the connection at once: its other end knows what it has not got. */
  cut(): void {
    this.#response.destroy();
  }

  /** Until there is room for more, or nobody is there any more. */
  async write(text: string): Promise<void> {
    const response = this.#response;
    if (response.closed || response.destroyed || response.write(text)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stalled = setTimeout(() => this.cut(), this.#stallMsMax);
    response.once('drain', resolve);
    response.once('close', resolve);
    await promise;
    clearTimeout(stalled);
    response.off('drain', resolve);
    response.off('close', resolve);
  }
}
