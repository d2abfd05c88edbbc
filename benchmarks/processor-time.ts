import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { childrenOf } from './resident-memory.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Of /proc on Linux. */
const TICKS_A_SECOND = 100;

/** Seconds of processor time that a running process, threads included, has taken so far. */
export function processorSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the command, in parentheses, may hold blanks.
  const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(user) + Number(system)) / TICKS_A_SECOND;
}

/** Milliseconds of processor time that the running children of a process have taken so far. */
export function processorMsOfChildren(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + 1000 * processorSecondsOf(child), 0);
}

export interface Measured {
  readonly stdout: string;
  readonly wallSeconds: number;
  readonly processorSeconds: number;
}

/** Runs the command line in a process of its own, and counts the processor time of all its threads and children. */
export async function indiciaMeasured(args: readonly string[]): Promise<Measured> {
  const startedAtMs = performance.now();
  // The shell knows what its children took; the last line of `times` says so.
  const child = spawn('bash', ['-c', '"$@" || exit 1; times >&2', 'bash', process.execPath, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  if (exitCode !== 0) throw new Error(`indicia ${args.join(' ')}: ${stderr}`);
  const wallSeconds = (performance.now() - startedAtMs) / 1000;
  const times = [...(stderr.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const processorSeconds = times.reduce(
    (total, [, minutes, seconds]) => total + 60 * Number(minutes) + Number(seconds),
    0,
  );
  return { stdout, wallSeconds, processorSeconds };
}
