import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { READER_HEAP_MB_MAX, READER_START_MS_MAX } from '../limits.ts';
import { isAnswer } from './answer.ts';
import type { ProcessFailure } from './orders.ts';
import type { Pending } from './readers.ts';
import { READY } from './serve.ts';

/** What the process tells its owner. */
export interface ProcessEvents {
  readonly onIdle: () => void;
  /** It died or was killed, and is being replaced; the orders it still had, the one it was at first. */
  readonly onDeath: (cause: ProcessFailure, orders: readonly Pending[]) => void;
  /** It cannot even start. */
  readonly onBroken: (error: Error) => void;
}

/** When a process is killed. */
export interface ProcessLimits {
  readonly imageMsMax: number;
  readonly residentBytesMax: number;
}

const WATCH_MS = 100;
/** One failed start may be an accident, too: a machine out of memory for a moment. */
const STARTS_MAX = 3;
const PAGE_BYTES = 4096;
/** Of what a process wrote on its error output, enough to tell why it cannot start. */
const ERROR_CHARS = 4_000;

/** One process at a time that answers orders one after another; started with the first order at the latest, replaced when it dies. */
export class ReaderProcess {
  readonly #entry: URL;
  readonly #limits: ProcessLimits;
  readonly #events: ProcessEvents;
  readonly #pending: Pending[] = [];
  #child: ChildProcess | undefined;
  #isReady = false;
  #headSinceMs = 0;
  #cause: ProcessFailure = 'reader-failed';
  #watch: NodeJS.Timeout | undefined;
  #errorOutput = '';
  #failedStarts = 0;

  constructor(entry: URL, limits: ProcessLimits, events: ProcessEvents) {
    this.#entry = entry;
    this.#limits = limits;
    this.#events = events;
  }

  get orders(): number {
    return this.#pending.length;
  }

  start(): void {
    if (this.#child === undefined) this.#fork();
  }

  take(pending: Pending): void {
    this.#pending.push(pending);
    if (this.#pending.length === 1) this.#headSinceMs = performance.now();
    if (this.#child === undefined) this.#fork();
    else if (this.#isReady) this.#child.send(pending.order);
    this.#watch ??= setInterval(() => this.#look(), WATCH_MS);
  }

  close(): void {
    this.#stopWatch();
    this.#child?.removeAllListeners();
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    for (const { reject } of this.#pending.splice(0)) reject(new Error('the readers of images were closed'));
  }

  #fork(): void {
    const child = fork(this.#entry, [], {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${READER_HEAP_MB_MAX}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#isReady = false;
    this.#cause = 'reader-failed';
    this.#headSinceMs = performance.now();
    this.#errorOutput = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errorOutput = (this.#errorOutput + text).slice(-ERROR_CHARS);
    });
    child.on('message', (message) => {
      // An answer that comes after the death of its process is given again by the next.
      if (child === this.#child) this.#receive(message);
    });
    // A channel that breaks while an order is sent ends in an exit all the same.
    child.on('error', () => child.kill('SIGKILL'));
    child.on('exit', (code, signal) => this.#exited(`exit code ${code}, signal ${signal}`));
  }

  #receive(message: unknown): void {
    this.#headSinceMs = performance.now();
    if (message === READY && !this.#isReady) {
      this.#isReady = true;
      this.#failedStarts = 0;
      for (const { order } of this.#pending) this.#child?.send(order);
      return;
    }
    const [head] = this.#pending;
    if (head === undefined || !isAnswer(message)) {
      // Hostile bytes may have taken the process over: what it says is no answer, and it is replaced like a dead one.
      this.#child?.kill('SIGKILL');
      return;
    }
    this.#pending.shift();
    head.resolve(message);
    if (this.#pending.length === 0) this.#stopWatch();
    this.#events.onIdle();
  }

  #exited(how: string): void {
    this.#child = undefined;
    if (this.#isReady) {
      this.#isReady = false;
      this.#stopWatch();
      this.#events.onDeath(this.#cause, this.#pending.splice(0));
      return;
    }
    this.#failedStarts += 1;
    if (this.#failedStarts < STARTS_MAX) {
      this.#fork();
      return;
    }
    this.#stopWatch();
    const error = new Error(`the process that reads images does not start (${how}): ${this.#errorOutput}`);
    for (const { reject } of this.#pending.splice(0)) reject(error);
    this.#events.onBroken(error);
  }

  /** Kills a process that takes too long or too much, so that `exit` tells the rest. */
  async #look(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || this.#pending.length === 0) return;
    const elapsedMs = performance.now() - this.#headSinceMs;
    if (elapsedMs > (this.#isReady ? this.#limits.imageMsMax : READER_START_MS_MAX)) {
      this.#cause = 'reader-timeout';
      child.kill('SIGKILL');
    } else if ((await residentBytes(child.pid)) > this.#limits.residentBytesMax) {
      child.kill('SIGKILL');
    }
  }

  #stopWatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}

/** Memory that the process really holds; 0 where the system does not tell, or the process is gone. */
async function residentBytes(pid: number): Promise<number> {
  try {
    const [, pages = '0'] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ');
    return Number(pages) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
