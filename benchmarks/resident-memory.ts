import { readdirSync, readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;
const POLL_MS = 100;

/** The most memory that processes and their children have held at one time, looked at ten times a second. Bytes; Linux only. */
export class PeakMemory {
  readonly #pids: readonly number[];
  readonly #timer: NodeJS.Timeout;
  /** Of the processes themselves. */
  own = 0;
  /** Of them and all that they started together. */
  together = 0;

  constructor(...pids: readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), POLL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const own = bytesOf(this.#pids);
    const together = own + bytesOf(this.#pids.flatMap(descendantsOf));
    this.own = Math.max(this.own, own);
    this.together = Math.max(this.together, together);
  }
}

function bytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** Processes that this one has started and that still run, and those that they have started. */
export function descendantsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
      const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
      const own = text === '' ? [] : text.split(' ').map(Number);
      return [...own, ...own.flatMap(descendantsOf)];
    });
  } catch {
    return [];
  }
}
