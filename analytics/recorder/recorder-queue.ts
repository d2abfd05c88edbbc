import { rowsOf } from '../../indicium/index.ts';
import type { Recorded } from '../judge/batch-judge.ts';
import { GROUP_ROWS_MAX } from '../limits.ts';
import type { ReadingBatch, Recorder } from './recorder.ts';

interface Waiting {
  readonly batch: ReadingBatch;
  readonly resolve: (recorded: Recorded) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Records batches one after another. What arrives while a transaction is being committed goes into the next one
 * together, up to a number of rows: so a lone scan never waits for others, and many of them share one commit. No scan
 * waits longer than the transaction before its own takes.
 */
export class RecorderQueue {
  readonly #recorder: Pick<Recorder, 'record'>;
  #waiting: Waiting[] = [];
  #working: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(recorder: Pick<Recorder, 'record'>) {
    this.#recorder = recorder;
  }

  /** Answers once the batch is durable. After a failure nothing more is taken: what was judged was not written. */
  record(batch: ReadingBatch): Promise<Recorded> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    const { promise, resolve, reject } = Promise.withResolvers<Recorded>();
    this.#waiting.push({ batch, resolve, reject });
    this.#working ??= this.#work();
    return promise;
  }

  /** Until everything that waits has been recorded, or has failed. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    // What is sent in the same turn belongs into the same transaction.
    await null;
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        if (this.#failure !== null) throw this.#failure.error;
        const recorded = await this.#recorder.record(group.map(({ batch }) => batch));
        for (const [index, { resolve }] of group.entries()) {
          const answer = recorded[index];
          if (answer === undefined) throw new Error('a batch was recorded without an answer');
          resolve(answer);
        }
      } catch (error) {
        this.#failure = { error };
        for (const { reject } of group) reject(error);
      }
    }
    this.#working = null;
  }

  #nextGroup(): Waiting[] {
    let rows = 0;
    let count = 0;
    for (const { batch } of this.#waiting) {
      rows += rowsOf(batch.readings);
      if (count > 0 && rows > GROUP_ROWS_MAX) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
