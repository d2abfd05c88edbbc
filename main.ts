import { enableCompileCache } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { refusal } from './bin/own-node.js';
import { EXIT, type ExitCode } from './commands/exit-codes.ts';
import { loadFailureOf } from './commands/load-failure.ts';

/**
 * What was compiled for an earlier start is used again, also by our threads and processes: without it a start takes 0.7
 * s, with it 0.45 s. In the user's own cache, since code in a folder for all could be anyone's; not where there is
 * none.
 */
function useCompiledCode({ NODE_COMPILE_CACHE: given, XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv): void {
  if (given !== undefined) return;
  const cache = XDG_CACHE_HOME || join(HOME ?? '', '.cache');
  if (!isAbsolute(cache)) return;
  process.env.NODE_COMPILE_CACHE = join(cache, 'indicia', 'compiled');
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/** In one sentence: not even `doctor` can be asked. */
function endsSaying(sentence: string, exitCode: ExitCode): never {
  process.stderr.write(`indicia: ${sentence}\n`);
  process.exit(exitCode);
}

/** A library that is missing on this machine, or does not fit it, is named with what mends it. */
function refuseLoadFailure(error: unknown): never {
  const failure = loadFailureOf(error);
  if (failure === null) throw error;
  endsSaying(`${failure.library} does not load (${failure.detail}): ${failure.advice}`, EXIT.usage);
}

const refused = refusal();
if (refused !== null) endsSaying(refused, EXIT.usage);

process.stdout.on('error', (error: Error & { code?: string }) => {
  // The reader of our output has seen enough (`indicia verdicts | head`).
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

useCompiledCode(process.env);
// Only what is imported from here on comes from the cache.
const { runProgram } = await import('./commands/program.ts').catch(refuseLoadFailure);
const terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  isWatched: process.stderr.isTTY === true,
  nowMs: () => Date.now(),
};
// The libraries of a command are loaded when it is called.
process.exitCode = await runProgram(process.argv, terminal).catch(refuseLoadFailure);
