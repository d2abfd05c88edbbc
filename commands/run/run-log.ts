import type { Log } from '../../server/index.ts';
import { type LogFlags, logOf } from '../log-options.ts';
import { Progress, type Terminal } from '../terminal.ts';

/** What a run or a member of a stage says while it goes on: to people, or to what reads its log. */
export interface RunLog {
  readonly log: Log;
  /** A sentence that a person must know. */
  warn(sentence: string): void;
  /** How far it is, where somebody watches. */
  show(text: string): void;
  /** How far it came. */
  done(text: string): void;
}

export const FOR_PEOPLE: LogFlags = { log: 'pretty', logLevel: 'info' };

export function openRunLog(flags: LogFlags, terminal: Terminal): RunLog {
  const log = logOf(flags, terminal);
  const warn = (sentence: string) => log.warn(sentence);
  if (flags.log === 'json') return { log, warn, show: () => {}, done: (text) => log.info(text) };
  const progress = new Progress(terminal);
  return { log, warn, show: (text) => progress.show(text), done: (text) => progress.done(text) };
}
