import { type Command, Option } from 'commander';
import type { KafkaLog } from '../ingest/kafka/index.ts';
import { createLog, LOG_FORMATS, LOG_LEVELS, type Log, type LogFormat, type LogLevel } from '../server/index.ts';
import type { Terminal } from './terminal.ts';

export interface LogFlags {
  readonly log: LogFormat;
  readonly logLevel: LogLevel;
}

/** Of commands that go on for long. */
export function addLogOptions(command: Command, format: LogFormat): Command {
  return command
    .addOption(
      new Option('--log <format>', 'of the log on stderr: a JSON object or a sentence a line')
        .choices(LOG_FORMATS)
        .env('INDICIA_LOG_FORMAT')
        .default(format),
    )
    .addOption(new Option('--log-level <level>', 'of the log on stderr').choices(LOG_LEVELS).default('info'));
}

export function logOf({ log, logLevel }: LogFlags, terminal: Terminal): Log {
  return createLog(terminal.stderr, logLevel, log);
}

/**
 * What the Kafka library says of itself. Much of it passes by itself, and what does not is told by errors: so its failures are
 * shown with --log-level debug, and all that it does with trace.
 */
export function kafkaLogOf(log: Log): KafkaLog {
  const failures = log.isLevelEnabled('debug') ? 'failures' : 'nothing';
  return {
    detail: log.isLevelEnabled('trace') ? 'all' : failures,
    write: (kind, message, fields) => log[kind === 'failure' ? 'debug' : 'trace'](fields, message),
  };
}
