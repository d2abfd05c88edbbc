import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INSTALL } from '../bin/own-node.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIBRARIES = `${ROOT}node_modules${sep}`;

/** Of a library that is not there, or not for this machine: what it is, and the one command that mends it. */
interface LoadFailure {
  readonly library: string;
  readonly detail: string;
  readonly advice: string;
}

/** Null for an error of our own. Libraries advise what breaks more, such as to remove the lock file, so that is not passed on. */
export function loadFailureOf(error: unknown): LoadFailure | null {
  if (!(error instanceof Error)) return null;
  const library = libraryOf(error);
  if (library === null) return null;
  const detail = error.message.split('\n')[0]?.split('. ')[0] ?? '';
  // What is there but does not fit, npm takes for installed.
  const isBroken = 'code' in error && error.code === 'ERR_DLOPEN_FAILED';
  const command = isBroken ? `rm -rf node_modules && ${INSTALL}` : INSTALL;
  return { library, detail, advice: `run '${command}' in ${ROOT}` };
}

/** The package that is missing, or the one that threw. */
function libraryOf({ message, stack = '' }: Error): string | null {
  const missing = /^Cannot find package '([^']+)'/.exec(message)?.[1];
  if (missing !== undefined) return missing;
  const frame = /^\s+at (?:.*\(|async )?(?:file:\/\/)?(\/[^()]+|[A-Z]:\\[^()]+):\d+:\d+\)?$/m;
  const [, first = ''] = frame.exec(stack) ?? [];
  if (first.startsWith(ROOT) && !first.startsWith(LIBRARIES)) return null;
  return /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(first)?.[1] ?? null;
}
