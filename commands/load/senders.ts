import type { Outcome, Sorter, SorterScan } from '../../client/index.ts';
import type { Library } from './library.ts';
import type { Send } from './open-loop.ts';
import type { Tally } from './tally.ts';

export const ENDPOINTS = ['single', 'batch', 'stream'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

interface Sender {
  readonly send: Send;
  /** Resolves when everything that was sent is answered. */
  readonly finish: () => Promise<void>;
}

/** What is sent once and not answered by then counts as failed. */
const WITHIN_MS = 30_000;
/** Every piece counts as it was answered first: nothing is tried again. */
const ONCE = { attemptsMax: 1, withinMs: WITHIN_MS } as const;

export function openSender(endpoint: Endpoint, sorter: Sorter, library: Library, tally: Tally): Sender {
  if (endpoint === 'stream') return streamSender(sorter, library, tally);
  if (endpoint === 'batch') return batchSender(sorter, library, tally);
  return {
    async send(first, _, dueMs) {
      tally.sent(dueMs);
      tally.answered(await sorter.verdict(library.at(first), ONCE), dueMs);
    },
    finish: async () => {},
  };
}

function batchSender(sorter: Sorter, library: Library, tally: Tally): Sender {
  return {
    async send(first, count, dueMs) {
      tally.sent(dueMs);
      for (const outcome of await sorter.batch(library.range(first, count), ONCE)) tally.answered(outcome, dueMs);
    },
    finish: async () => {},
  };
}

/** All pieces over one connection; those that it does not take wait, and their waiting counts. */
function streamSender(sorter: Sorter, library: Library, tally: Tally): Sender {
  const due = new DueScans(library, tally);
  const reading = (async () => {
    for await (const outcome of sorter.stream(due.scans(), { withinMs: WITHIN_MS })) due.answered(outcome);
  })();
  return {
    async send(first, count, dueMs) {
      due.add(first, count, dueMs);
    },
    async finish() {
      due.close();
      await reading;
    },
  };
}

/** Pieces from their due time until their answer, in one order. */
class DueScans {
  readonly #library: Library;
  readonly #tally: Tally;
  readonly #waiting: { readonly index: number; readonly dueMs: number }[] = [];
  readonly #unansweredDueMs: number[] = [];
  #isClosed = false;
  #onDue: (() => void) | null = null;

  constructor(library: Library, tally: Tally) {
    this.#library = library;
    this.#tally = tally;
  }

  add(first: number, count: number, dueMs: number): void {
    for (let index = first; index < first + count; index++) this.#waiting.push({ index, dueMs });
    this.#onDue?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#onDue?.();
  }

  async *scans(): AsyncGenerator<SorterScan> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        this.#unansweredDueMs.push(next.dueMs);
        this.#tally.sent(next.dueMs);
        yield this.#library.at(next.index);
      } else if (this.#isClosed) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#onDue = resolve;
        });
      }
    }
  }

  answered(outcome: Outcome): void {
    this.#tally.answered(outcome, this.#unansweredDueMs.shift() ?? Number.NaN);
  }
}
