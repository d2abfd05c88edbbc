import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** What is started in place of main.ts with this Node. */
  readonly start?: readonly [string, ...string[]];
  /** Called when it has started; kills it, or sends another signal. */
  readonly onStart?: (kill: (signal?: NodeJS.Signals) => void) => void;
}

/** Runs the real command line in a process of its own. */
export async function indicia(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [command, ...first] = options.start ?? [process.execPath, MAIN];
  const child = spawn(command, [...first, ...args], {
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  options.onStart?.((signal = 'SIGKILL') => child.kill(signal));
  const { promise, resolve } = Promise.withResolvers<{ exitCode: number | null; signal: NodeJS.Signals | null }>();
  child.on('close', (exitCode, signal) => resolve({ exitCode, signal }));
  const ended = await promise;
  const stdoutBytes = Buffer.concat(stdout);
  return { ...ended, stdout: stdoutBytes.toString(), stdoutBytes, stderr: Buffer.concat(stderr).toString() };
}

/** NDJSON as objects; the caller says what it expects of them. */
export function jsonLines<Line>(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}
