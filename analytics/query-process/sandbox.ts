import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { QUERY_PROCESS_DATA_MIB, STRANGERS_THREADS } from '../limits.ts';
import type { QueryLimits } from './order.ts';

const run = promisify(execFile);

/** What this system has to hold a process with. */
export interface Sandbox {
  /** The program that starts another one without a network, and its flags; null where none works. */
  readonly withoutNetwork: readonly string[] | null;
  /** Whether a shell sets limits. */
  readonly hasLimits: boolean;
}

/** Without rights of its own, a user may have a network of nothing in a name space of users alone. */
const WITHOUT_NETWORK = [
  ['unshare', '-n'],
  ['unshare', '-rn'],
];

let probed: Promise<Sandbox> | undefined;

/** Tried once: containers and kernels forbid some of it. */
export function probeSandbox(): Promise<Sandbox> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<Sandbox> {
  if (!(await works(['sh', '-c', ':']))) return { withoutNetwork: null, hasLimits: false };
  for (const withoutNetwork of WITHOUT_NETWORK) {
    if (await works([...withoutNetwork, 'true'])) return { withoutNetwork, hasLimits: true };
  }
  return { withoutNetwork: null, hasLimits: true };
}

async function works([command = '', ...args]: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

/** What cannot be had here, as sentences for people. */
export function missingFrom({ withoutNetwork, hasLimits }: Sandbox): string[] {
  return [
    ...(withoutNetwork === null ? ["'unshare -n' does not work here: the process of the query keeps its network"] : []),
    ...(hasLimits && process.platform === 'linux'
      ? []
      : ['this system does not limit the memory of a process: only the limit of DuckDB holds']),
  ];
}

const BLOCK_BYTES = 512;
const KIB_PER_MIB = 1_024;

/**
 * The command with limits of the system around it. Of memory RLIMIT_DATA, which counts what can be written: Node reserves far more
 * addresses than it uses, so that RLIMIT_AS says nothing. It may write no file, or one of Parquet on its way; core files are files,
 * too. A limit that is already lower stays.
 */
export function confined(
  command: readonly string[],
  { withoutNetwork, hasLimits }: Sandbox,
  { deadlineMs, memoryMib, bytesMax }: QueryLimits,
  mayWriteFile: boolean,
): readonly string[] {
  const inside = [...(withoutNetwork ?? []), ...command];
  if (!hasLimits) return inside;
  const processorS = Math.ceil(deadlineMs / 1_000) * STRANGERS_THREADS + 1;
  const limits = [
    '-c 0',
    `-f ${mayWriteFile ? Math.ceil(bytesMax / BLOCK_BYTES) : 0}`,
    `-d ${(memoryMib + QUERY_PROCESS_DATA_MIB) * KIB_PER_MIB}`,
    // The deadline is kept from outside; this holds where nobody is left outside.
    // The soft one has a signal of its own.
    `-S -t ${processorS}`,
    `-H -t ${processorS + 1}`,
  ];
  const script = `${limits.map((limit) => `ulimit ${limit} 2>/dev/null || :`).join('; ')}; exec "$@"`;
  return ['sh', '-c', script, 'sh', ...inside];
}
