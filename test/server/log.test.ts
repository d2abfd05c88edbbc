import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { kafkaLogOf } from '../../commands/log-options.ts';
import { libraryLog } from '../../ingest/kafka/kafkajs/library-log.ts';
import { createLog, type LogFormat, type LogLevel } from '../../server/index.ts';

function logInto(format: LogFormat, level: LogLevel = 'info') {
  const written: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  return { written, log: createLog(output, level, format) };
}

describe('a log', () => {
  it('is a sentence a line for people, with its failure and its fields', () => {
    const { written, log } = logInto('pretty');
    log.warn('the store can be written again');
    log.info({ plant: '06484', rows: 3 }, 'recorded');
    assert.deepEqual(written, ['indicia: the store can be written again\n', 'indicia: recorded plant=06484 rows=3\n']);
    log.error({ err: new Error('no room') }, 'could not look for fraud');
    assert.match(written[2] ?? '', /^indicia: could not look for fraud: Error: no room\n {4}at /);
  });

  it('is an object a line for machines', () => {
    const { written, log } = logInto('json');
    log.warn({ plant: '06484' }, 'the store can be written again');
    const { time, ...entry } = JSON.parse(written.join(''));
    assert.equal(typeof time, 'number');
    assert.deepEqual(entry, { level: 40, plant: '06484', msg: 'the store can be written again' });
  });

  it('lets no text from outside forge a line or drive a terminal, and keeps secrets', () => {
    const { written, log } = logInto('pretty');
    log.info({ plant: 'a\nindicia: all is well\u001b[2J', authorization: 'Bearer secret' }, 'recorded');
    assert.deepEqual(written, [
      'indicia: recorded plant=a\\u000aindicia: all is well\\u001b[2J authorization=(redacted)\n',
    ]);
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
      const { written, log } = logInto('pretty', level);
      const { logLevel = 0, logCreator } = libraryLog(kafkaLogOf(log));
      for (const kind of [1, 4]) if (kind <= logLevel) logCreator?.(logLevel)(entry(kind));
      assert.deepEqual(written, lines);
    });
  }
});
