import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../commands/exit-codes.ts';
import type { NewMessage } from '../../ingest/kafka/client-port.ts';
import { simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { freshTopics, kafkaForTests, produce } from '../support/kafka.ts';
import { RECEIVED_AT } from '../support/receipt.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { StageProcess } from '../support/stage-process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { WRONG_FIELDS, withField } from '../support/wrong-fields.ts';

const SCENARIO = { seed: 5, pieces: 20, psds: 2, licenses: 2, frauds: [], images: 'none' } as const;
const PAYLOAD = Buffer.from('no indicium').toString('base64');
const RIGHT = {
  plant: '06484',
  machine: 'DBCS-12',
  scannedAt: '2026-11-20T10:03:00Z',
  pass: 'origin',
  weightGrams: 20,
};
const WAIT_MS_MAX = 60_000;

interface Ignored {
  readonly field: string;
  readonly problem: string;
  readonly scans: number;
  readonly firstScanId: string;
}

/** Each way in, as the message of a scan. */
const WAYS: Readonly<Record<string, (scan: string) => Pick<NewMessage, 'value' | 'headers'>>> = {
  lines: (scan) => ({ value: Buffer.from(`${scan}\n`), headers: {} }),
  objects: (scan) => ({ value: Buffer.from(scan), headers: { 'content-type': 'application/json' } }),
  pictures: (scan) => ({ value: Buffer.from('no picture'), headers: { 'content-type': 'image/png', scan } }),
};

/** The scan of each wrong value, one that is right, and what is to be said of all of them. */
const SCANS = WRONG_FIELDS.map(([field, value], index) =>
  withField({ scanId: `wrong-${index}`, ...RIGHT }, field, value),
);
const DUE: readonly Ignored[] = [
  ...Map.groupBy(WRONG_FIELDS.entries(), ([, [field, , problem]]) => `${field} ${problem}`),
].map(([, its]) => {
  const [first] = its;
  const [index, [field, , problem]] = first ?? assert.fail();
  return { field, problem, scans: its.length, firstScanId: `wrong-${index}` };
});

const kafka = await kafkaForTests();

if (kafka !== null) {
  describe('fields that came through Kafka and are not used', () => {
    let registry = '';
    let folder = '';
    const scope = suiteScope();
    before(async () => {
      folder = await temporaryFolder(scope);
      await simulate({ ...SCENARIO, dayMs: Date.UTC(2026, 10, 20) }, folder);
      registry = join(folder, 'registry');
    });

    const sent = async (way: string, toMessage: (scan: string) => Pick<NewMessage, 'value' | 'headers'>) => {
      const prefix = `ignored-${way}-${process.pid}-`;
      await freshTopics(kafka, prefix, 2);
      const right = JSON.stringify({ scanId: 'right', ...RIGHT });
      const texts = [...SCANS, right].map((scan) => `{"payload":"${PAYLOAD}",${scan.slice(1)}`);
      const message = { topic: `${prefix}scans`, partition: 0, key: 'DBCS-12' };
      await produce(
        kafka,
        texts.map((text) => ({ ...message, ...toMessage(text) })),
      );
      return prefix;
    };
    const bySentence = (ignored: readonly Ignored[]) => {
      return ignored.toSorted((one, other) =>
        `${one.field} ${one.problem}` < `${other.field} ${other.problem}` ? -1 : 1,
      );
    };

    for (const [way, toMessage] of Object.entries(WAYS)) {
      it(`are counted and named in the summary of the read stage, of scans that come as ${way}`, async () => {
        const prefix = await sent(way, toMessage);
        const args = ['run', '--stage', 'read', kafka.url, '--prefix', prefix, '--registry', registry, ...RECEIVED_AT];
        const { stdout, stderr, exitCode } = await indicia([...args, '--until-drained', '--json']);
        assert.equal(exitCode, 0, stderr);
        const summary = jsonLines<{ scans: number; deadLetters: number; ignoredFields: Ignored[] }>(stdout).at(-1);
        assert.deepEqual([summary?.scans, summary?.deadLetters], [SCANS.length + 1, 0]);
        assert.deepEqual(bySentence(summary?.ignoredFields ?? []), bySentence(DUE));
      });
    }

    it('are counted in the metrics of the read stage', async (test) => {
      const prefix = await sent('metrics', WAYS.lines ?? assert.fail());
      const args = ['--stage', 'read', kafka.url, '--prefix', prefix, '--registry', registry, '--api-port', '0'];
      const reader = new StageProcess(test, args);
      const giveUpMs = performance.now() + WAIT_MS_MAX;
      while ((reader.last?.scans ?? 0) <= SCANS.length) {
        assert.ok(performance.now() < giveUpMs, reader.story);
        await sleep(50);
      }
      const text = await (await fetch(`${reader.apiUrl}/metrics`)).text();
      for (const { field, problem, scans } of DUE) {
        const line = `indicia_ignored_fields_total{field="${field}",problem="${problem}"} ${scans}`;
        assert.ok(text.split('\n').includes(line), `${line}\nis not in\n${text}`);
      }
      await reader.stop();
    });

    it('are counted and named where one process does all of it', async () => {
      const prefix = await sent('one', WAYS.lines ?? assert.fail());
      const args = ['run', `${kafka.url}/${prefix}scans`, '--prefix', prefix, '--registry', registry, ...RECEIVED_AT];
      const { stdout, stderr, exitCode } = await indicia([
        ...args,
        '--db',
        join(folder, 'one.duckdb'),
        '--json',
        '--until-drained',
      ]);
      assert.equal(exitCode, EXIT.attention, stderr);
      const summary = jsonLines<{ ignoredFields: Ignored[] }>(stdout).at(-1);
      assert.deepEqual(bySentence(summary?.ignoredFields ?? []), bySentence(DUE));
    });
  });
}
