import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kafkaLogOf } from '../../commands/log-options.ts';
import { libraryLog } from '../../ingest/kafka/kafkajs/library-log.ts';
import { createLog, type LogFormat, type LogLevel } from '../../server/index.ts';
import { Collected } from '../support/collected.ts';

function logInto(format: LogFormat, level: LogLevel = 'info') {
  const output = new Collected();
  return { said: () => output.text, log: createLog(output, level, format) };
}

describe('a log', () => {
  it('is a sentence a line for people, with its failure and its fields', () => {
    const { said, log } = logInto('pretty');
    log.warn('the store can be written again');
    log.info({ plant: '06484', rows: 3 }, 'recorded');
    assert.equal(said(), 'indicia: the store can be written again\nindicia: recorded plant=06484 rows=3\n');
    log.error({ err: new Error('no room') }, 'could not look for fraud');
    assert.match(said(), /^indicia: could not look for fraud: Error: no room\n {4}at /m);
  });

  it('is an object a line for machines', () => {
    const { said, log } = logInto('json');
    log.warn({ plant: '06484' }, 'the store can be written again');
    const { time, ...entry } = JSON.parse(said());
    assert.equal(typeof time, 'number');
    assert.deepEqual(entry, { level: 40, plant: '06484', msg: 'the store can be written again' });
  });

  it('lets no text from outside forge a line or drive a terminal, and keeps secrets', () => {
    const { said, log } = logInto('pretty');
    log.info({ plant: 'a\nindicia: all is well\u001b[2J', authorization: 'Bearer secret' }, 'recorded');
    assert.equal(said(), 'indicia: recorded plant=a\\u000aindicia: all is well\\u001b[2J authorization=(redacted)\n');
  });
});

describe('the log of the Kafka library', () => {
  const entry = (level: number) => ({
    namespace: 'Connection',
    level,
    label: 'x',
    log: { message: 'closed', timestamp: '2026-11-20', logger: 'kafkajs', broker: 'a:9092' },
  });

  const levels = [
    ['info', []],
    ['debug', ['indicia: Connection: closed broker=a:9092\n']],
    ['trace', ['indicia: Connection: closed broker=a:9092\n', 'indicia: Connection: closed broker=a:9092\n']],
  ] as const;
  for (const [level, lines] of levels) {
    it(`shows at ${level}: ${lines.length === 0 ? 'nothing' : lines.length === 1 ? 'failures' : 'all'}`, () => {
      const { said, log } = logInto('pretty', level);
      const { logLevel = 0, logCreator } = libraryLog(kafkaLogOf(log));
      for (const kind of [1, 4]) if (kind <= logLevel) logCreator?.(logLevel)(entry(kind));
      assert.equal(said(), lines.join(''));
    });
  }
});
