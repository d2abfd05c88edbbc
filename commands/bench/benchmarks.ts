import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MEASUREMENTS_VARIABLE } from './measurements-variable.ts';
import { type Measured, measuredIn } from './results-file.ts';

const FOLDER = fileURLToPath(new URL('../../benchmarks/', import.meta.url));
const SUFFIX = '.bench.ts';

interface Ended {
  readonly exitCode: number | null;
  readonly measurements: readonly Measured[];
}

/** None where they are not installed: a package holds what runs, not what measures. */
export function benchmarkNames(): string[] {
  if (!existsSync(FOLDER)) return [];
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(SUFFIX));
  return files.map((file) => file.slice(0, -SUFFIX.length)).toSorted();
}

interface RunOptions {
  /** A folder for CPU profiles. */
  readonly profile?: string | undefined;
  /** Tables go to standard error. */
  readonly isQuiet: boolean;
}

/** Each runs in a process of its own, so that one does not warm the next one's caches or fill its heap. */
export async function runBenchmark(name: string, { profile, isQuiet }: RunOptions): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'indicia-measurements-'));
  const path = join(folder, 'measurements.ndjson');
  try {
    const exitCode = await run(name, { ...process.env, ...profiled(profile), [MEASUREMENTS_VARIABLE]: path }, isQuiet);
    return { exitCode, measurements: existsSync(path) ? measuredIn(name, readFileSync(path, 'utf8')) : [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(name: string, env: NodeJS.ProcessEnv, isQuiet: boolean): Promise<number | null> {
  const stdio = ['inherit', isQuiet ? process.stderr : 'inherit', 'inherit'] as const;
  const child = spawn(process.execPath, [join(FOLDER, `${name}${SUFFIX}`)], { stdio: [...stdio], env });
  const { promise, resolve: ended, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', ended);
  return promise;
}

/** Threads and child processes of Node inherit it, each with a file of its own. */
function profiled(folder: string | undefined): NodeJS.ProcessEnv {
  if (folder === undefined) return {};
  const path = resolve(folder);
  mkdirSync(path, { recursive: true });
  const options = `--cpu-prof --cpu-prof-dir=${JSON.stringify(path)}`;
  return { NODE_OPTIONS: [process.env.NODE_OPTIONS ?? '', options].join(' ').trim() };
}
