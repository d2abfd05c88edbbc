import { userInfo } from 'node:os';
import type { Author, StorePorts } from '../analytics/recorder/index.ts';
import { type Terminal, warn } from './terminal.ts';

/** Who works on a store, as the system names them: the ledger of the store notes it. */
export function authorOf(terminal: Pick<Terminal, 'nowMs'>): Author {
  return { name: userName(), nowMs: terminal.nowMs };
}

/** For commands that write to a store: what is done to it before it can be used is said on stderr. */
export function storePorts(
  terminal: Terminal,
  onNotice: StorePorts['onNotice'] = (sentence) => warn(terminal, `indicia: ${sentence}`),
): StorePorts {
  return { author: authorOf(terminal), onNotice };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user without a name.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
