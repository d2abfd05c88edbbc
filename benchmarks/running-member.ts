import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RECEIVED_AT } from '../test/support/receipt.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

interface Progress {
  readonly scans: number;
  readonly repeated: number;
  readonly partitions?: readonly object[];
}

/** A member of a stage in a process of its own, with what it says of itself once a second. */
export class RunningMember {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #last: Progress = { scans: 0, repeated: 0 };
  /** When it said the last of that, by performance.now(). */
  toldAtMs = performance.now();

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, ...args, ...RECEIVED_AT, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      const line = lines.at(-1);
      if (line === undefined) return;
      this.#last = JSON.parse(line);
      this.toldAtMs = performance.now();
    });
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Scans that it is done with, each as often as it came. */
  get answered(): number {
    return this.#last.scans + this.#last.repeated;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** How many it owns. */
  get partitions(): number {
    return this.#last.partitions?.length ?? 0;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
