import { spawn } from 'node:child_process';

/** One life of a program. */
export interface Life {
  readonly isKilled: boolean;
  /** Whole lines of its standard output. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs a program, which ends by its own hand, or by ours some milliseconds after it first said something. */
export async function live(program: string, args: readonly string[], killAfterMs: number | null): Promise<Life> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let stderr = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    // The clock starts when it has begun to record.
    if (killAfterMs !== null) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const signal = await new Promise((resolve) => child.on('close', (_, how) => resolve(how)));
  clearTimeout(timer);
  return { isKilled: signal === 'SIGKILL', lines: output.split('\n').slice(0, -1), stderr };
}
