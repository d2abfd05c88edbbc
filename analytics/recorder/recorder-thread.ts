import { Worker } from 'node:worker_threads';
import { type RegistryRecords, readingBuffers, type StoredVerdict, type VerdictQuery } from '../../indicium/index.ts';
import type { FindingDelta } from '../detection/finding-delta.ts';
import type { Recorded } from '../judge/batch-judge.ts';
import { DEFAULT_POLICY, type Policy } from '../judge/default-policy.ts';
import type { StorePorts } from '../store/audit/author.ts';
import { FencedError } from '../store/fence.ts';
import type { LakeStatus } from '../store/lake/lake-keeper.ts';
import type { ReadingBatch } from './recorder.ts';
import { type Answer, type AuthorNow, GIVE_UP, type Notice, type Order, type OrderFor } from './recorder-messages.ts';
import { thrownError } from './thread-errors.ts';

export interface RecorderNotices {
  /** The store cannot take anything now; nothing is lost, and it goes on by itself. */
  readonly onPaused: (reason: string) => void;
  readonly onResumed: () => void;
  /** While it opens: how many of all recorded scans have been seen again. */
  readonly onRestored?: (scans: number, of: number) => void;
  /** A newer owner has claimed what this thread recorded into; it has ended, and what is asked of it fails. */
  readonly onFenced?: (error: FencedError) => void;
  /** In whose name the store is written to, and who is told what was done to it before it could be used. */
  readonly store?: StorePorts;
  readonly lake?: LakePorts | undefined;
}

/** A lake that is written beside the store, and who is told how far it is. */
export interface LakePorts {
  readonly folder: string;
  readonly onStatus: (status: LakeStatus) => void;
}

/** As it can be sent to the thread: its clock is read once, and goes on there. */
export function authorNow({ store }: RecorderNotices): AuthorNow | null {
  return store?.author === undefined ? null : { name: store.author.name, nowMs: store.author.nowMs() };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A recorder in a thread of its own: the thread that serves never waits for a commit. */
export class RecorderThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Why the thread has ended; what is asked of it then fails at once. */
  #ended: Error | null = null;

  protected constructor(notices: RecorderNotices) {
    this.#worker = new Worker(new URL('recorder-worker.ts', import.meta.url));
    this.#worker.on('message', (message: Answer | Notice) => {
      if (message.kind === 'paused') notices.onPaused(message.reason);
      else if (message.kind === 'resumed') notices.onResumed();
      else if (message.kind === 'restored') notices.onRestored?.(message.scans, message.of);
      else if (message.kind === 'noticed') notices.store?.onNotice?.(message.sentence);
      else if (message.kind === 'lake') notices.lake?.onStatus(message.status);
      else if (message.kind === 'fenced') this.#fenced(new FencedError(message.message), notices);
      else this.#answered(message);
    });
    this.#worker.on('error', (error) => this.#failAll(error instanceof Error ? error : new Error(String(error))));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exited = promise;
    this.#worker.on('exit', () => {
      this.#failAll(new Error('the thread that records has ended'));
      resolve();
    });
  }

  /** Opens the store, which takes as long as its history is. @throws StoreError */
  static async open(path: string, notices: RecorderNotices, policy: Policy = DEFAULT_POLICY): Promise<RecorderThread> {
    const thread = new RecorderThread(notices);
    const lake = notices.lake?.folder ?? null;
    await thread.begin({ kind: 'open', path, policy, author: authorNow(notices), lake });
    return thread;
  }

  /** The first order; a thread that cannot carry it out is ended. */
  protected async begin(order: Order): Promise<unknown> {
    try {
      return await this.#ask(order);
    } catch (error) {
      await this.#exited;
      throw error;
    }
  }

  async positionOf(source: string): Promise<string | null> {
    const position = await this.#ask({ kind: 'position', source });
    return typeof position === 'string' ? position : null;
  }

  /**
   * Answers once the batch is durable. Batches are recorded in the order of the calls. The buffers of its readings are
   * handed over, unless the caller keeps them, which costs a copy.
   */
  async record(batch: ReadingBatch, keepsReadings = false): Promise<Recorded> {
    const buffers = keepsReadings ? [] : readingBuffers(batch.readings);
    const recorded = await this.#ask({ kind: 'record', batch }, buffers);
    if (!isRecorded(recorded)) throw new TypeError('the recorder gave another answer than was asked for');
    return recorded;
  }

  async setRegistry(registry: RegistryRecords): Promise<void> {
    await this.#ask({ kind: 'registry', registry });
  }

  /** What was answered, in the order of recording. Recording goes on meanwhile. */
  async verdictsOf(queries: readonly VerdictQuery[]): Promise<readonly StoredVerdict[]> {
    const verdicts = await this.#ask({ kind: 'verdicts', queries });
    if (!Array.isArray(verdicts)) throw new TypeError('the recorder gave another answer than was asked for');
    return verdicts;
  }

  /** Number of findings. Recording goes on meanwhile, so a look that finds no room fails. */
  async detect(): Promise<number> {
    return Number(await this.#ask({ kind: 'detect', isAlone: false }));
  }

  /** The same with recording held up, which waits until there is room. */
  async detectAlone(): Promise<number> {
    return Number(await this.#ask({ kind: 'detect', isAlone: true }));
  }

  /** All findings, and the revisions after that number, as the last look of the detectors left them. */
  async findingDelta(afterRevision: number): Promise<FindingDelta> {
    const delta = await this.#ask({ kind: 'finding-delta', afterRevision });
    if (!isFindingDelta(delta)) throw new TypeError('the recorder gave another answer than was asked for');
    return delta;
  }

  /**
   * Writes one of EXPORTED_VIEWS as a Parquet file, as it is when its turn comes, while batches are recorded. Views are
   * written one after another. Gives the bytes written.
   *
   * @throws RangeError for another name.
   */
  async exportView(view: string, path: string): Promise<number> {
    return Number(await this.#ask({ kind: 'export', view, path }));
  }

  /** Closes the store and ends the thread; of one that has ended there is nothing to close. */
  async close(): Promise<void> {
    await this.end(new Error('the thread that records has ended'));
  }

  /**
   * Ends the thread without waiting for room, which leaves the store as a crash does: whole, and short of what was not
   * answered. What DuckDB is at ends first: a thread that is terminated before that ends the whole process.
   */
  async abandon(): Promise<void> {
    this.#failAll(new Error('the store was given up'));
    this.#worker.postMessage(GIVE_UP);
    await this.#exited;
  }

  /**
   * What was asked before is answered; what is asked from now on fails with this. False where it had been told to end, or had
   * failed, before. Its files are closed when this answers: until then, a thread beside it that opened them would take them for
   * nobody's, since the locks of one process do not keep it from itself.
   */
  protected async end(reason: Error): Promise<boolean> {
    if (this.#ended !== null) {
      await this.#exited;
      return false;
    }
    const closing = this.#ask({ kind: 'close' });
    this.#ended = reason;
    await closing;
    await this.#exited;
    return true;
  }

  #ask(order: Order, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, { resolve, reject });
    this.#worker.postMessage({ id: this.#lastId, order } satisfies OrderFor, transfer);
    return promise;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'done') waiting?.resolve(answer.result);
    else waiting?.reject(thrownError(answer.error));
  }

  #fenced(error: FencedError, { onFenced }: RecorderNotices): void {
    this.#failAll(error);
    onFenced?.(error);
  }

  #failAll(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function isFindingDelta(result: unknown): result is FindingDelta {
  return typeof result === 'object' && result !== null && 'findings' in result && 'revisions' in result;
}

function isRecorded(result: unknown): result is Recorded {
  return typeof result === 'object' && result !== null && 'verdicts' in result && 'outcomes' in result;
}
