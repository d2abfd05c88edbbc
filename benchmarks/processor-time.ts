import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { descendantsOf, PeakMemory } from './resident-memory.ts';

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
  return descendantsOf(pid).reduce((sum, child) => sum + 1000 * processorSecondsOf(child), 0);
}

export interface Measured {
  readonly stdout: string;
  readonly wallSeconds: number;
  readonly processorSeconds: number;
  /** The most memory that all of them held at one time. */
  readonly peakBytes: number;
}

/** Runs the command line in a process of its own, and counts the processor time of all its threads and children. */
export function indiciaMeasured(args: readonly string[], exitCodes?: readonly number[]): Promise<Measured> {
  return programMeasured([MAIN, ...args], exitCodes);
}

/**
 * The same of any program of Node.
 *
 * @throws when it ends with another exit code than these.
 */
export async function programMeasured(args: readonly string[], exitCodes: readonly number[] = [0]): Promise<Measured> {
  const startedAtMs = performance.now();
  // The shell knows what its children took; the last line of `times` says so.
  const child = spawn('bash', ['-c', '"$@"; code=$?; times >&2; exit $code', 'bash', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const memory = new PeakMemory(child.pid ?? 0);
  const [stdout, stderr, exitCode] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  memory.stop();
  const wallSeconds = (performance.now() - startedAtMs) / 1000;
  if (exitCode === null || !exitCodes.includes(exitCode)) throw new Error(`${args.join(' ')}: ${stderr}`);
  const times = [...(stderr.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const processorSeconds = times.reduce(
    (total, [, minutes, seconds]) => total + 60 * Number(minutes) + Number(seconds),
    0,
  );
  return { stdout, wallSeconds, processorSeconds, peakBytes: memory.together };
}
