import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { jsonLines } from './command-line.ts';
import { RECEIVED_AT } from './receipt.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** For a member that is told to stop: longer than a session, with which it may have to wait for its brokers. */
const STOP_MS_MAX = 60_000;

export interface Progress {
  readonly type: 'progress' | 'summary';
  readonly scans: number;
  readonly repeated: number;
  readonly findings: number;
  readonly claims: number;
  readonly rebalances: number;
  readonly partitions?: readonly { readonly partition: number; readonly lag: number; readonly isIdle: boolean }[];
}

interface Api {
  readonly type: 'api';
  readonly url: string;
}

/** A member of a stage in a process of its own. */
export class StageProcess {
  /** Its exit code; null after a signal. */
  readonly ended: Promise<number | null>;
  readonly #test: TestContext;
  readonly #args: readonly string[];
  readonly #nodeArgs: readonly string[];
  readonly #child: ChildProcess;
  #output = '';
  stderr = '';

  constructor(test: TestContext, args: readonly string[], nodeArgs: readonly string[] = []) {
    this.#test = test;
    this.#args = args;
    this.#nodeArgs = nodeArgs;
    this.#child = spawn(process.execPath, [...nodeArgs, MAIN, 'run', ...RECEIVED_AT, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += chunk;
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve) => this.#child.on('close', resolve));
    test.after(() => this.#child.kill('SIGKILL'));
  }

  get last(): Progress | null {
    return this.#said.findLast((said) => said.type !== 'api') ?? null;
  }

  /** Where it tells how it is, once it has said so. */
  get apiUrl(): string | null {
    return this.#said.find((said) => said.type === 'api')?.url ?? null;
  }

  get #said(): (Progress | Api)[] {
    return jsonLines<Progress | Api>(this.#output.slice(0, this.#output.lastIndexOf('\n') + 1));
  }

  /** Those that it owned when it spoke last. */
  get partitions(): number[] {
    return (this.last?.partitions ?? []).map(({ partition }) => partition);
  }

  /** Another process with the same arguments. */
  again(): StageProcess {
    return new StageProcess(this.#test, this.#args, this.#nodeArgs);
  }

  /** Where it stands and what it said, to find out why something did not happen. */
  get story(): string {
    const { exitCode, signalCode } = this.#child;
    return `${JSON.stringify(this.last)}\nexit ${exitCode} ${signalCode}\n${this.stderr}`;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Ends in order; its summary. */
  async stop(): Promise<Progress> {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX);
    const exitCode = await this.ended;
    clearTimeout(late);
    const { last } = this;
    if (exitCode !== 0 || last?.type !== 'summary') throw new Error(`ended with ${exitCode}: ${this.stderr}`);
    return last;
  }
}
