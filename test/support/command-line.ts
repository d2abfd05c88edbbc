import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Collected } from './collected.ts';

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
  readonly isApart?: true;
  readonly onStart?: (kill: (signal?: NodeJS.Signals) => void) => void;
}

/**
 * Runs the real command line: here, since a start of its own takes a second of a core, or in a process where a test says
 * something that only a process has (a folder, variables, signals), or `isApart`: where this one has the same store open.
 */
export async function indicia(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { stdin, ...ofProcess } = options;
  return Object.keys(ofProcess).length === 0 ? indiciaHere(args, stdin) : indiciaApart(args, options);
}

async function indiciaHere(args: readonly string[], input = ''): Promise<CommandResult> {
  const [stdin, stdout, stderr] = [new PassThrough(), new Collected(), new Collected()];
  stdin.end(input);
  const terminal = { stdin, stdout, stderr, isWatched: false, nowMs: () => Date.now() };
  // Not with this file: those that only want another function of it would load all commands.
  const { runProgram } = await import('../../commands/program.ts');
  const exitCode = await runProgram([process.execPath, MAIN, ...args], terminal);
  return { exitCode, signal: null, stdout: stdout.text, stdoutBytes: stdout.bytes, stderr: stderr.text };
}

/** In a process of its own. */
async function indiciaApart(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
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
