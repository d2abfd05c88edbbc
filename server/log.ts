import type { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino } from 'pino';
import { printableLines } from '../indicium/index.ts';
import { lineForPeople } from './log-line.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export type Log = Logger;

/**
 * One JSON object a line, or a sentence a line for people. What is logged is chosen where it is logged: no bodies, and no token
 * of any kind. JSON itself escapes C0 controls only, and a log is read on terminals: the rest is also escaped.
 */
export function createLog(output: Writable, level: LogLevel, format: LogFormat = 'json'): Log {
  const shown = (line: string) => (format === 'json' ? line : `${lineForPeople(line)}\n`);
  const destination: DestinationStream = { write: (line: string) => void output.write(printableLines(shown(line))) };
  const secret = ['authorization', 'headers.authorization', '*.authorization', '*.headers.authorization'];
  return pino({ level, base: null, redact: { paths: secret, censor: '(redacted)' } }, destination);
}
