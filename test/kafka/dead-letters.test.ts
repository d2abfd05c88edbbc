import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { NewMessage } from '../../ingest/kafka/client-port.ts';
import { simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { everythingIn, freshTopics, kafkaForTests, produce } from '../support/kafka.ts';
import { StageProcess } from '../support/stage-process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PREFIX = `letters-${process.pid}-`;
const SCENARIO = { seed: 5, pieces: 20, psds: 2, licenses: 2, frauds: [], images: 'none' } as const;
const NAMED = '{"scanId":"DBCS-12/7","payload":"AAAA"}\n';

const kafka = await kafkaForTests();

interface Listed {
  readonly offset: string;
  readonly reason: string;
  readonly topic: string;
  readonly position: string;
  readonly scanId: string | null;
  readonly at: string;
  readonly bytes: number;
  readonly redriven: number;
  readonly waiting: boolean;
}

function scanMessage(change: Partial<NewMessage>): NewMessage {
  return { topic: `${PREFIX}scans`, partition: 0, key: 'DBCS-12', value: null, headers: {}, ...change };
}

if (kafka !== null) {
  describe('dead letters that fail again while they are put back', () => {
    it('are put back once by each redrive, and can be looked at before and after', async (test) => {
      const command = async (...args: string[]) => {
        const { stdout, stderr, exitCode } = await indicia(['kafka', ...args, kafka.url, '--prefix', PREFIX]);
        assert.equal(exitCode, 0, stderr);
        return { stdout, stderr };
      };
      const listed = async (...args: string[]) =>
        jsonLines<Listed>((await command('dead-letters', ...args, '--json')).stdout);
      const countOf = async (name: 'scans' | 'dead-letters') => (await everythingIn(kafka, PREFIX, name)).length;

      const folder = await temporaryFolder(test);
      await simulate({ ...SCENARIO, dayMs: Date.UTC(2026, 10, 20) }, folder);
      await freshTopics(kafka, PREFIX, 2);
      assert.deepEqual(await listed(), []);
      const options = ['--prefix', PREFIX, '--registry', join(folder, 'registry')];
      const reader = new StageProcess(test, ['--stage', 'read', kafka.url, ...options]);
      await produce(kafka, [
        scanMessage({}),
        scanMessage({ value: Buffer.from(NAMED), headers: { 'content-type': 'application/avro' } }),
      ]);
      await everythingIn(kafka, PREFIX, 'dead-letters', ({ length }) => length === 2);

      const before = await listed();
      const expected = [
        ['null-value', `${PREFIX}scans/0@0`, null, 0],
        ['unknown-content-type', `${PREFIX}scans/0@1`, 'DBCS-12/7', NAMED.length],
      ];
      assert.deepEqual(
        before.map(({ reason, position, scanId, bytes }) => [reason, position, scanId, bytes]),
        expected,
      );
      assert.ok(before.every(({ topic, at }) => topic === `${PREFIX}scans` && !Number.isNaN(Date.parse(at))));
      assert.ok(before.every(({ waiting, redriven }) => waiting && redriven === 0));
      assert.deepEqual(
        (await listed('--reason', 'null-value')).map(({ reason }) => reason),
        ['null-value'],
      );
      const newest = await command('dead-letters', '--limit', '1');
      assert.match(newest.stdout, /unknown-content-type .*scan DBCS-12\/7.*\n2 dead letters\n$/s);
      assert.doesNotMatch(newest.stdout, /null-value/);
      assert.match(newest.stderr, /1 older one left out; --limit shows more/);

      const dry = await command('redrive', '--dry-run', '--json');
      const reasons = { 'null-value': 1, 'unknown-content-type': 1 };
      assert.deepEqual(jsonLines(dry.stdout), [{ wouldRevive: 2, left: 0, reasons }]);
      assert.deepEqual([await countOf('scans'), await listed()], [2, before], 'nothing was changed');

      for (const round of [1, 2]) {
        assert.deepEqual(jsonLines((await command('redrive', '--json')).stdout), [{ revived: 2 }]);
        await everythingIn(kafka, PREFIX, 'dead-letters', ({ length }) => length === 2 + 2 * round);
        assert.equal(await countOf('scans'), 2 + 2 * round);
        const waiting = await listed('--waiting');
        assert.deepEqual(
          waiting.map(({ redriven }) => redriven),
          [round, round],
        );
      }
      const all = await listed();
      assert.deepEqual(
        all.map(({ waiting }) => waiting),
        [false, false, false, false, true, true],
      );
      await reader.stop();
    });
  });
}
