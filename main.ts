#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from './commands/exit-codes.ts';

/**
 * What was compiled for an earlier start is used again, by our threads and processes, too: without it a start takes 0.7 s,
 * with it 0.4 s. In the user's own cache, since code in a folder for all could be anyone's.
 */
function useCompiledCode(): void {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  process.env.NODE_COMPILE_CACHE ??= join(cache, 'indicia', 'compiled');
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

process.stdout.on('error', (error: Error & { code?: string }) => {
  // Whoever read our output has seen enough (`indicia verdicts | head`).
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

useCompiledCode();
// Only what is imported from here on comes from the cache.
const { runProgram } = await import('./commands/program.ts');
process.exitCode = await runProgram(process.argv, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  isWatched: process.stderr.isTTY === true,
  nowMs: () => Date.now(),
});
