import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { brokerArtifacts } from '../../commands/kafka/trial-broker/artifacts.ts';
import type { NewMessage } from '../../ingest/kafka/client-port.ts';
import { COMPRESSIONS, ensureTopics, FencedProducerError, TOPICS, topicNamed } from '../../ingest/kafka/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { assertDescribed } from '../support/described.ts';
import { everythingIn, freshTopics, kafkaForTests, linesOf, produce } from '../support/kafka.ts';
import { RECEIVED_AT } from '../support/receipt.ts';
import { temporaryFolder } from '../support/temporary.ts';

const kafka = await kafkaForTests();

type RunJson = Readonly<Record<'scans' | 'accepted' | 'diverted' | 'manual' | 'findings' | 'repeated', number>>;

function message(topic: string, change: Partial<NewMessage> = {}): NewMessage {
  return { topic, partition: null, key: null, value: Buffer.from('x'), headers: {}, ...change };
}

if (kafka !== null) {
  describe('the topics', () => {
    it('are created once, and those that are there are not touched but compared', async () => {
      const admin = await kafka.client().admin();
      const wanted = { prefix: 'made-', partitions: 3, replication: 1 };
      const first = await ensureTopics(admin, wanted);
      assert.equal(first.length, TOPICS.length);
      assert.ok(first.every(({ isNew }) => isNew));
      const again = await ensureTopics(admin, wanted);
      assert.ok(again.every(({ isNew, differences }) => !isNew && differences.length === 0));
      const other = await ensureTopics(admin, { ...wanted, partitions: 4 });
      assert.ok(other.every(({ partitions, differences }) => partitions === 3 && differences.length === 1));
      const { config } = (await admin.topicState('made-findings', ['cleanup.policy'])) ?? assert.fail();
      assert.equal(config['cleanup.policy'], 'compact');
      await admin.close();
    });
  });

  describe('a producer', () => {
    before(() => freshTopics(kafka, 'sent-', 2));

    it('compresses in every way that Kafka knows, and what it sent is read again', async () => {
      const value = Buffer.from('{"scanId":"a","machine":"DBCS-1"}\n'.repeat(400));
      for (const compression of COMPRESSIONS) {
        const producer = await kafka.client(compression).producer();
        await producer.send([message('sent-scans', { key: compression, value, headers: { kind: compression } })]);
        await producer.close();
      }
      const read = await everythingIn(kafka, 'sent-', 'scans', ({ length }) => length === COMPRESSIONS.length);
      assert.deepEqual(read.map(({ headers }) => String(headers.kind)).toSorted(), [...COMPRESSIONS].toSorted());
      for (const { value: its } of read) assert.deepEqual(its, value);
    });

    it('is fenced by the next one with its transactional id, and nothing that it sends after that is seen', async () => {
      const offset = { group: 'sent-group', topic: 'sent-scans', partition: 0, next: 7n };
      const paused = await kafka.client().transactionalProducer('sent-judge-0');
      await paused.commit([message('sent-verdicts', { key: 'first' })], offset);
      const next = await kafka.client().transactionalProducer('sent-judge-0');
      await assert.rejects(
        paused.commit([message('sent-verdicts', { key: 'zombie' })], { ...offset, next: 99n }),
        FencedProducerError,
      );
      await next.commit([message('sent-verdicts', { key: 'second' })], { ...offset, next: 8n });
      const admin = await kafka.client().admin();
      assert.equal(await admin.groupOffset('sent-group', 'sent-scans', 0), 8n);
      await admin.close();
      const seen = await everythingIn(kafka, 'sent-', 'verdicts');
      assert.deepEqual(seen.map(({ key }) => String(key)).toSorted(), ['first', 'second']);
      await Promise.all([paused.close(), next.close()]);
    });
  });

  describe('poison among the scans', () => {
    it('is kept whole as a dead letter, holds nothing up, and is put back once', async (test) => {
      const folder = await temporaryFolder(test);
      const registry = join(folder, 'day', 'registry');
      await indicia(['simulate', '--out', join(folder, 'day'), '--pieces', '20', '--psds', '4', '--licenses', '3']);
      await freshTopics(kafka, 'poison-', 2);
      const huge = Buffer.alloc(10 * 2 ** 20, 'x');
      const machine = { key: 'DBCS-1', partition: 0 };
      const named = (scanId: string) => Buffer.from(`{"scanId":"${scanId}","payload":"AAAA"}\n`);
      await produce(kafka, [
        message('poison-scans', { ...machine, value: null }),
        message('poison-scans', { ...machine, value: huge }),
        message('poison-scans', { ...machine, value: Buffer.from('no JSON\n{"plant":"06484"}\n{"scanId":"a"}\n') }),
        message('poison-scans', { ...machine, value: named('b'), headers: { 'content-type': 'application/avro' } }),
        message('poison-scans', { ...machine, value: huge.subarray(0, 100), headers: { 'content-type': 'image/png' } }),
        message('poison-scans', { ...machine, value: named('forged') }),
      ]);
      await produce(kafka, [message('poison-readings', { partition: 1, value: Buffer.from('no readings') })]);
      const common = ['--prefix', 'poison-', '--registry', registry, '--until-drained', '--json'];
      const stage = (name: string) =>
        indicia(['run', '--stage', name, ...RECEIVED_AT, kafka.url, '--db', join(folder, 'stores'), ...common]);
      const read = await stage('read');
      assert.equal(read.exitCode, 0, read.stderr);
      assert.equal((await stage('judge')).exitCode, 0);
      const verdicts = linesOf<{ scanId: string; disposition: string }>(
        await everythingIn(kafka, 'poison-', 'verdicts'),
      );
      // What has a scan id has a verdict, however bad its mark is.
      assert.deepEqual(verdicts.map(({ scanId }) => scanId).toSorted(), ['a', 'forged']);

      const letters = await everythingIn(kafka, 'poison-', 'dead-letters');
      assertDescribed(letters);
      const told = letters.map(({ headers, value }) => {
        return [String(headers['dead-reason']), String(headers['dead-position']), value?.length ?? null];
      });
      const expected = [
        ['bad-readings', 'poison-readings/1@0', 11],
        ['bad-scan-fields', 'poison-scans/0@4', 100],
        ['not-a-scan', 'poison-scans/0@2:1', 7],
        ['not-a-scan', 'poison-scans/0@2:2', 17],
        ['null-value', 'poison-scans/0@0', null],
        ['too-large', 'poison-scans/0@1', huge.length],
        ['unknown-content-type', 'poison-scans/0@3', 32],
      ];
      assert.deepEqual(told.toSorted(), expected.toSorted());

      const back = await indicia(['kafka', 'redrive', kafka.url, '--prefix', 'poison-', '--json']);
      assert.deepEqual(jsonLines(back.stdout), [{ revived: letters.length }]);
      const again = await indicia(['kafka', 'redrive', kafka.url, '--prefix', 'poison-', '--json']);
      assert.deepEqual(jsonLines(again.stdout), [{ revived: 0 }]);
      const scans = await everythingIn(kafka, 'poison-', 'scans', ({ length }) => length === 12);
      assert.equal(scans.filter(({ headers }) => String(headers.redriven) === '1').length, 6);
    });
  });

  describe('a topic of scans, read by one process', () => {
    it('is answered as the file is, pictures too, and once however often the process is started', async (test) => {
      const folder = await temporaryFolder(test);
      const day = join(folder, 'day');
      const registry = join(day, 'registry');
      const size = ['--pieces', '40', '--psds', '4', '--licenses', '3', '--images', 'crops'];
      assert.equal((await indicia(['simulate', '--out', day, ...size])).exitCode, 0);
      const pieces = (await readFile(join(day, 'scans.ndjson'), 'utf8')).trim().split('\n').length;
      await freshTopics(kafka, 'one-', 3);
      const fleet = ['fleet', '--replay', day, '--pieces', String(pieces), '--to', kafka.url, '--prefix', 'one-'];
      assert.equal((await indicia(fleet)).exitCode, 0);

      const run = (source: string, name: string, ...more: string[]) =>
        indicia(['run', source, '--registry', registry, '--db', join(folder, name), '--json', ...RECEIVED_AT, ...more]);
      const [alone] = jsonLines<RunJson>((await run(join(day, 'scans.ndjson'), 'file.duckdb')).stdout);
      const topic = `${kafka.url}/one-scans`;
      const options = ['--prefix', 'one-', '--until-drained', '--publish'];
      const first = await run(topic, 'topic.duckdb', ...options);
      const [summary] = jsonLines<RunJson>(first.stdout);
      assert.ok(alone !== undefined && summary !== undefined, first.stderr);
      for (const name of ['scans', 'accepted', 'diverted', 'manual', 'findings'] as const) {
        assert.equal(summary[name], alone[name], name);
      }
      const [again] = jsonLines<RunJson>((await run(topic, 'topic.duckdb', ...options)).stdout);
      assert.deepEqual([again?.scans, again?.repeated], [0, 0]);
      const verdicts = linesOf<{ scanId: string }>(await everythingIn(kafka, 'one-', 'verdicts'));
      assert.equal(verdicts.length, pieces);
    });
  });

  describe("Kafka's own console consumer", () => {
    it('reads verdicts with their headers', async () => {
      const artifacts = await brokerArtifacts(process.env);
      const prefix = 'poison-';
      const tool = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
      const options = ['--bootstrap-server', kafka.brokers.join(','), '--topic', topicNamed(prefix, 'verdicts')];
      const shown = ['--from-beginning', '--max-messages', '1', '--property', 'print.headers=true'];
      const committed = ['--consumer-property', 'isolation.level=read_committed', '--timeout-ms', '20000'];
      const { stdout } = await promisify(execFile)('java', [
        ...['-XX:TieredStopAtLevel=1', '-cp', join(artifacts, '*'), tool],
        ...[...options, ...shown, ...committed],
      ]);
      const [headers = '', value = ''] = stdout.split('\t');
      const expected = ['ce_specversion:1.0', 'ce_type:indicia.verdicts.v1', 'content-type:application/x-ndjson'];
      for (const header of expected) assert.ok(headers.split(',').includes(header), stdout);
      assert.equal(jsonLines<{ disposition: string }>(value)[0]?.disposition, 'manual');
    });
  });
}
