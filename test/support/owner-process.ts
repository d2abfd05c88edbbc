import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./partition-owner.ts', import.meta.url));

/** A process that owns a partition, and what it has said so far. */
export class OwnerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<NodeJS.Signals | null>;
  #output = '';
  #stderr = '';
  #onOutput: () => void = () => {};

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
      this.#onOutput();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.#ended = new Promise((resolve) => this.#child.on('close', (_, signal) => resolve(signal)));
  }

  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  /** Batches whose recording was answered. */
  get answered(): number[] {
    return this.lines.filter((line) => /^\d+$/.test(line)).map(Number);
  }

  get stderr(): string {
    return this.#stderr;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Until it has said something like this, or has ended. */
  async until(line: RegExp): Promise<void> {
    const said = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (this.lines.some((one) => line.test(one))) resolve();
      };
      this.#onOutput();
    });
    await Promise.race([said, this.#ended]);
  }

  /** Until a signal has stopped it, or it has ended: its state is then T, in the third field of the file. */
  async untilStopped(): Promise<void> {
    const isStopped = () => /\) T /.test(readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1'));
    while (this.#child.exitCode === null && !isStopped()) await sleep(2);
  }

  /** The signal that ended it, if one did. */
  ended(): Promise<NodeJS.Signals | null> {
    return this.#ended;
  }
}
