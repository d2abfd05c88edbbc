import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DEFAULT_POLICY } from '../analytics/judge/index.ts';
import { run } from '../app/index.ts';
import { openSource } from '../ingest/index.ts';
import { ndjsonStream } from '../ingest/ndjson.ts';
import { Replay } from '../psd-sim/index.ts';
import type { ScanSource } from '../scans/index.ts';
import { processorMsOfChildren, processorSecondsOf } from './processor-time.ts';
import type { Subject } from './steady-windows.ts';

/** What `indicia run` does, in a process of its own that says after each batch how far it is. */

const SELF = fileURLToPath(import.meta.url);
const LINES_A_CHUNK = 50;
/** What the process says when all sources are read; until then it says numbers of pieces. */
const DONE = 'done';

interface RunTask {
  /** Files of scans, one after another; or the folder of a day that is given out again and again. */
  readonly scans: readonly string[] | { readonly replay: string };
  readonly registry: string;
  readonly db: string;
  readonly workers: number;
}

export class RunSubject implements Subject {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #isOver = false;
  #pieces = 0;
  #atMs = performance.now();

  constructor(task: RunTask) {
    this.#child = fork(SELF);
    this.pid = this.#child.pid ?? 0;
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (message) => {
      if (message === DONE) {
        this.#isOver = true;
        return;
      }
      this.#pieces = Number(message);
      this.#atMs = performance.now();
    });
    this.#child.send(task);
  }

  progress() {
    return { pieces: this.#pieces, atMs: this.#atMs };
  }

  processorSeconds(): number {
    return processorSecondsOf(this.pid) + processorMsOfChildren(this.pid) / 1000;
  }

  isOver(): boolean {
    const { exitCode } = this.#child;
    if (exitCode !== null && exitCode !== 0) throw new Error(`the run ended with ${exitCode}`);
    return this.#isOver;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

async function runTask({ scans, registry, db, workers }: RunTask): Promise<void> {
  const sources = 'replay' in scans ? [await replayed(scans.replay)] : await Promise.all(scans.map(fileSource));
  await run(
    sources,
    { registry, db, policy: DEFAULT_POLICY, workers },
    {
      nowMs: () => Date.now(),
      receivedAtMs: undefined,
      store: {},
      onNotice: refuse,
      onFaults: ({ first }) => refuse(first ?? 'a reader failed'),
      onProgress: ({ scans: pieces }) => void process.send?.(pieces),
      onDetecting: () => void process.send?.(DONE),
    },
  );
  process.disconnect?.();
}

function fileSource(path: string): Promise<ScanSource> {
  return openSource(path, process.stdin);
}

/** From the second time on each is another scan of the same mailpiece. */
async function replayed(day: string): Promise<ScanSource> {
  const replay = await Replay.open(day, '');
  const lines = function* () {
    for (;;) yield Buffer.from(replay.take(LINES_A_CHUNK));
  };
  return ndjsonStream(Readable.from(lines()), day);
}

function refuse(reason: string): never {
  throw new Error(reason);
}

if (process.argv[1] === SELF) process.once('message', runTask);
