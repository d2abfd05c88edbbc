import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { jsonLines } from './command-line.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** What a member says of itself once a second. */
export interface MemberState {
  readonly type: 'progress' | 'summary';
  readonly scans: number;
  readonly repeated: number;
  readonly deadLetters: number;
  readonly rebalances: number;
  readonly claims: number;
  readonly partitions: readonly { readonly partition: number; readonly lag: number }[];
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One process of `indicia run --stage …`, to be killed, stopped and woken. */
export class StageMember {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #args: readonly string[];
  #stdout = '';
  #stderr = '';

  private constructor(args: readonly string[]) {
    this.#args = args;
    this.#child = spawn(process.execPath, [MAIN, 'run', ...args, '--json'], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.#child.on('close', (exitCode, signal) => resolve({ exitCode, signal }));
    this.ended = promise;
  }

  static start(args: readonly string[]): StageMember {
    return new StageMember(args);
  }

  /** Another process in the place of this one. */
  again(): StageMember {
    return new StageMember(this.#args);
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** What it said last; null before it said anything. */
  get state(): MemberState | null {
    const whole = this.#stdout.slice(0, this.#stdout.lastIndexOf('\n') + 1);
    return jsonLines<MemberState>(whole).at(-1) ?? null;
  }

  get partitions(): number[] {
    return (this.state?.partitions ?? []).map(({ partition }) => partition);
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#child.kill(name);
  }

  async end(name: 'SIGKILL' | 'SIGTERM'): Promise<Ended> {
    this.signal(name);
    return this.ended;
  }
}
