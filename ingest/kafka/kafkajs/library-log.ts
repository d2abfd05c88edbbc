import kafkajs, { type KafkaConfig } from 'kafkajs';
import type { KafkaLog } from '../connection.ts';

const LEVELS = {
  nothing: kafkajs.logLevel.NOTHING,
  failures: kafkajs.logLevel.WARN,
  all: kafkajs.logLevel.DEBUG,
} as const;

/** Settings of kafkajs, so that what it says goes to our log. */
export function libraryLog(log: KafkaLog | undefined): Pick<KafkaConfig, 'logLevel' | 'logCreator'> {
  if (log === undefined) return { logLevel: LEVELS.nothing };
  return {
    logLevel: LEVELS[log.detail],
    logCreator:
      () =>
      ({ namespace, level, log: { message, logger: _, timestamp: __, ...fields } }) => {
        const kind = level <= LEVELS.failures ? 'failure' : 'step';
        log.write(kind, namespace === '' ? message : `${namespace}: ${message}`, fields);
      },
  };
}
