import type { NewMessage, StoredMessage } from '../client-port.ts';
import { TASKS_AHEAD_MAX } from '../limits.ts';
import type { StageTask } from './stage-task.ts';

/** Messages that are done with, and what is to be published of them. */
export interface Done {
  readonly outputs: readonly NewMessage[];
  /** Offset of the last of them. */
  readonly last: bigint;
}

interface Working {
  readonly last: bigint;
  readonly bytes: number;
  readonly outputs: Promise<readonly NewMessage[]>;
}

const NOT_YET = Promise.resolve(null);

/** Messages of one partition in their order: those that wait, and those that its task works on. */
export class WorkQueue {
  readonly #task: Pick<StageTask, 'weigh' | 'process'>;
  #waiting: StoredMessage[] = [];
  #waitingBytes = 0;
  readonly #working: Working[] = [];

  constructor(task: Pick<StageTask, 'weigh' | 'process'>) {
    this.#task = task;
  }

  get messages(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#working.reduce((total, { bytes }) => total + bytes, this.#waitingBytes);
  }

  get isWorking(): boolean {
    return this.#working.length > 0;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#working.length === 0;
  }

  add(message: StoredMessage): void {
    this.#waiting.push(message);
    this.#waitingBytes += queuedBytes(message);
  }

  /** Gives the task as many at a time as fill a batch, for as many batches as it may work on. */
  fill(): void {
    while (this.#waiting.length > 0 && this.#working.length < TASKS_AHEAD_MAX) {
      let count = 0;
      for (let weight = 0; count < this.#waiting.length; count++) {
        const message = this.#waiting[count];
        weight += message === undefined ? 0 : this.#task.weigh(message);
        if (count > 0 && weight > 1) break;
      }
      const messages = this.#waiting.splice(0, count);
      const bytes = messages.reduce((total, message) => total + queuedBytes(message), 0);
      this.#waitingBytes -= bytes;
      const outputs = this.#task.process(messages);
      // A failure waits for its turn.
      outputs.catch(() => {});
      this.#working.push({ outputs, bytes, last: messages.at(-1)?.offset ?? 0n });
    }
  }

  /** All that is done from the first on, once the first is: it shares a transaction. Null when nothing is worked on. */
  async nextDone(): Promise<Done | null> {
    const first = this.#working[0];
    if (first === undefined) return null;
    const outputs = [...(await first.outputs)];
    this.#working.shift();
    let { last } = first;
    for (let next = this.#working[0]; next !== undefined; next = this.#working[0]) {
      const more = await Promise.race([next.outputs, NOT_YET]);
      if (more === null) break;
      outputs.push(...more);
      last = next.last;
      this.#working.shift();
    }
    return { outputs, last };
  }

  /** Until the task works on nothing any more, with any outcome. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#working.map(({ outputs }) => outputs));
  }
}

function queuedBytes({ key, value }: StoredMessage): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
