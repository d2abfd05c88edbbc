import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import {
  DEAR_IMAGE_MS,
  READER_HEAP_MB_MAX,
  READER_ORDERS_AHEAD,
  READER_STALL_FACTOR,
  READER_START_MS_MAX,
} from '../limits.ts';
import { isAnswer } from './answer.ts';
import type { ImageAnswer, ImageOrder, ProcessFailure } from './orders.ts';
import { READY } from './serve.ts';

/** An order on its way, with how often a process died at it. */
export interface Pending {
  readonly order: ImageOrder;
  /** Whose image it is. */
  readonly client: string;
  readonly resolve: (answer: ImageAnswer) => void;
  readonly reject: (error: Error) => void;
  attempts: number;
  /** Milliseconds that it is expected to take, as told when it was given to a process. */
  expectedMs: number;
}

/** What the process tells its owner. */
interface ProcessEvents {
  /** It has read an image, which took so long on the clock, and so much of a processor. */
  readonly onRead: (pending: Pending, ms: number, processorMs: number) => void;
  /** It died or was killed, and is being replaced; the orders it still had, the one it was at for so long first. */
  readonly onDeath: (cause: ProcessFailure, orders: readonly Pending[], ms: number) => void;
  /** It cannot even start. */
  readonly onBroken: (error: Error) => void;
}

/** When a process is killed. */
export interface ProcessLimits {
  /** Of processor time, and READER_STALL_FACTOR times as many on the clock. */
  readonly imageMsMax: number;
  readonly residentBytesMax: number;
}

const WATCH_MS = 100;
/** On a busy machine an image may take so much longer on the clock than of the processor. */
const PATIENCE_MS = 100;
/** One failed start may be an accident, too: a machine out of memory for a moment. */
const STARTS_MAX = 3;
const PAGE_BYTES = 4096;
const IS_PROFILED = process.env.NODE_OPTIONS?.includes('--cpu-prof') === true;
/** Linux tells processor time in hundredths of a second. */
const TICK_MS = 10;
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
  /** Processor time that the process had taken when it was first looked at with this order. */
  #headProcessorMs: number | null = null;
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

  /** Orders that it holds, where one that is dear or turns out to be counts as many as it may hold. */
  load(): number {
    return this.isAtDear() ? READER_ORDERS_AHEAD : this.#pending.length;
  }

  isAtDear(): boolean {
    const [head] = this.#pending;
    if (head === undefined || !this.#isReady) return false;
    return Math.max(head.expectedMs, performance.now() - this.#headSinceMs - PATIENCE_MS) >= DEAR_IMAGE_MS;
  }

  start(): void {
    if (this.#child === undefined) this.#fork();
  }

  take(pending: Pending): void {
    this.#pending.push(pending);
    if (this.#pending.length === 1) this.#begin();
    if (this.#child === undefined) this.#fork();
    else if (this.#isReady) this.#child.send(pending.order);
    this.#watch ??= setInterval(() => this.#look(), WATCH_MS);
  }

  close(): void {
    this.#stopWatch();
    this.#child?.removeAllListeners();
    // A process that is killed writes no profile; left alone, it ends and does.
    if (IS_PROFILED) this.#child?.disconnect();
    else this.#child?.kill('SIGKILL');
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
    this.#begin();
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

  #begin(): void {
    this.#headSinceMs = performance.now();
    this.#headProcessorMs = null;
  }

  #receive(message: unknown): void {
    const ms = performance.now() - this.#headSinceMs;
    this.#begin();
    if (message === READY && !this.#isReady) {
      this.#isReady = true;
      this.#failedStarts = 0;
      for (const { order } of this.#pending) this.#child?.send(order);
      return;
    }
    const [head] = this.#pending;
    if (head === undefined || !isAnswer(message)) {
      // Hostile bytes may have taken the process over: what it says is not an answer, and it is replaced like a dead
      // one.
      this.#child?.kill('SIGKILL');
      return;
    }
    this.#pending.shift();
    head.resolve(message);
    if (this.#pending.length === 0) this.#stopWatch();
    this.#events.onRead(head, ms, message.processorMs ?? ms);
  }

  #exited(how: string): void {
    this.#child = undefined;
    if (this.#isReady) {
      this.#isReady = false;
      this.#stopWatch();
      this.#events.onDeath(this.#cause, this.#pending.splice(0), performance.now() - this.#headSinceMs);
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
    const [head] = this.#pending;
    const { imageMsMax, residentBytesMax } = this.#limits;
    const [processorMs, bytes] = await Promise.all([processorMsOf(child.pid), residentBytes(child.pid)]);
    // It may have answered meanwhile.
    if (child !== this.#child || head !== this.#pending[0]) return;
    this.#headProcessorMs ??= processorMs;
    const elapsedMs = performance.now() - this.#headSinceMs;
    const isTooLong = this.#isReady
      ? processorMs - this.#headProcessorMs > imageMsMax || elapsedMs > READER_STALL_FACTOR * imageMsMax
      : elapsedMs > READER_START_MS_MAX;
    if (isTooLong) this.#cause = 'reader-timeout';
    if (isTooLong || bytes > residentBytesMax) child.kill('SIGKILL');
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

/** Processor time that the process has taken in user and system; 0 where the system does not tell, or the process is gone. */
async function processorMsOf(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program may hold blanks: fields are counted from behind it (proc(5): utime is the 14th, stime the 15th).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return TICK_MS * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0;
  }
}
