import type { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino } from 'pino';
import { printableLines } from '../indicium/index.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Log = Logger;

/**
 * One JSON object a line. What is logged is chosen where it is logged: no bodies, and no token whatever is handed over. JSON
 * itself escapes C0 controls only, and a log is read on terminals: the rest is escaped, too.
 */
export function createLog(output: Writable, level: LogLevel): Log {
  const destination: DestinationStream = { write: (line: string) => void output.write(printableLines(line)) };
  const secret = ['authorization', 'headers.authorization', '*.authorization', '*.headers.authorization'];
  return pino({ level, base: null, redact: { paths: secret, censor: '(redacted)' } }, destination);
}
