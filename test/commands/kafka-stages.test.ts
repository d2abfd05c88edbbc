import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreReader } from '../../analytics/index.ts';
import type { Finding, Verdict } from '../../indicium/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { assertDescribed } from '../support/described.ts';
import { everythingIn, freshTopics, kafkaForTests, linesOf, type TestKafka } from '../support/kafka.ts';
import { StageProcess } from '../support/stage-process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const kafka = await kafkaForTests();

const PARTITIONS = 4;
const LOOK_EVERY_MS = 200;

interface Day {
  readonly folder: string;
  readonly registry: string;
  readonly lines: readonly string[];
}

async function simulatedDay(folder: string, pieces: number): Promise<Day> {
  const day = join(folder, 'day');
  const size = ['--pieces', String(pieces), '--psds', '40', '--licenses', '30', '--seed', '7'];
  assert.equal((await indicia(['simulate', '--out', day, ...size])).exitCode, 0);
  const lines = (await readFile(join(day, 'scans.ndjson'), 'utf8')).split('\n').filter((line) => line !== '');
  return { folder, registry: join(day, 'registry'), lines };
}

async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; !(await isTrue()); waited += LOOK_EVERY_MS) {
    assert.ok(waited < 60_000, `waited in vain for ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}

const scanIdOf = (line: string): string => JSON.parse(line).scanId;

/** All that the stores of the partitions hold: scans in the order in which they were judged, verdicts, findings. */
async function storesOf(folder: string) {
  const order: string[] = [];
  const verdicts: Verdict[] = [];
  const findings: Finding[] = [];
  const paths = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.duckdb')).toSorted();
  for (const path of paths) {
    const reader = await StoreReader.open(join(folder, path));
    for await (const verdict of reader.verdicts()) {
      order.push(verdict.scanId);
      verdicts.push(verdict);
    }
    for await (const finding of reader.findings()) findings.push(finding);
    reader.close();
  }
  return { order, verdicts, findings };
}

const asLines = (items: readonly object[]): string[] => items.map((item) => JSON.stringify(item)).toSorted();

/**
 * One process over the same scans in the order in which the partitions met them gives the same answers, one each, and
 * finds the same: what was killed, came twice or moved from member to member has left no trace.
 */
async function assertAsOneProcess(
  day: Day,
  stores: string,
  verdicts: readonly Verdict[],
  findings: readonly Finding[],
) {
  const found = await storesOf(stores);
  const scans = new Map(day.lines.map((line) => [scanIdOf(line), line]));
  assert.equal(found.order.length, scans.size, 'each scan is recorded once');
  const ordered = join(day.folder, 'ordered.ndjson');
  await writeFile(ordered, found.order.map((scanId) => `${scans.get(scanId)}\n`).join(''));
  const db = join(day.folder, 'one.duckdb');
  assert.equal((await indicia(['run', ordered, '--registry', day.registry, '--db', db])).exitCode, 0);
  const alone = jsonLines<Finding>((await indicia(['findings', '--db', db])).stdout);
  const answers = jsonLines<Verdict>((await indicia(['verdicts', '--db', db])).stdout);
  assert.ok(alone.length > 50);
  assert.deepEqual(asLines(found.verdicts), asLines(answers));
  assert.deepEqual(asLines(found.findings), asLines(alone));
  // What was published says the same: one answer for each scan, however often it came.
  assert.deepEqual([...new Set(asLines(verdicts))], asLines(answers));
  assert.deepEqual(asLines(findings), asLines(alone));
}

/** Findings as they stand: the newest message of each key, if it has a value. */
async function publishedFindings(cluster: TestKafka, prefix: string): Promise<Finding[]> {
  const newest = new Map<string, Buffer | null>();
  for (const { key, value } of await everythingIn(cluster, prefix, 'findings')) newest.set(String(key), value);
  return [...newest.values()].flatMap((value): Finding[] => (value === null ? [] : [JSON.parse(value.toString())]));
}

if (kafka !== null) {
  describe('stages on Kafka', () => {
    it('answer and find as one process does, though members are killed and scans come twice', async (test) => {
      const day = await simulatedDay(await temporaryFolder(test), 1_500);
      const prefix = 'killed-';
      await freshTopics(kafka, prefix, PARTITIONS);
      const stores = join(day.folder, 'stores');
      const common = [kafka.url, '--prefix', prefix, '--registry', day.registry, '--session-seconds', '2'];
      const member = (stage: string) =>
        new StageProcess(test, ['--stage', stage, ...common, '--db', stores, '--workers', '1', '--detect-every', '3']);
      const scans = (pieces: number) =>
        indicia([
          ...['fleet', '--replay', join(day.folder, 'day'), '--to', kafka.url, '--prefix', prefix],
          ...['--pieces', String(pieces), '--rate', '400'],
        ]);
      let [reader, otherReader] = [member('read'), member('read')];
      let [judge, otherJudge] = [member('judge'), member('judge')];
      await until(
        () => [reader, otherReader, judge, otherJudge].every(({ last }) => last?.partitions?.length === 2),
        'four members',
      );

      const sent = scans(day.lines.length);
      await until(() => (judge.last?.scans ?? 0) > 100, 'some scans');
      await Promise.all([reader.kill(), judge.kill()]);
      reader = member('read');
      await until(() => (otherJudge.last?.scans ?? 0) > 500, 'more scans');
      judge = member('judge');
      assert.equal((await sent).exitCode, 0);
      // The same scans once more, as a producer sends them that knows nothing of what it did.
      assert.equal((await scans(200)).exitCode, 0);

      const expected = day.lines.length + 200;
      const verdicts = linesOf<Verdict>(
        await everythingIn(kafka, prefix, 'verdicts', (messages) => linesOf(messages).length >= expected),
      );
      assert.equal(verdicts.length, expected, 'each delivered scan is answered once');
      await Promise.all([reader.stop(), otherReader.stop()]);
      await until(
        () => [judge, otherJudge].every(({ last }) => last?.partitions?.every(({ lag }) => lag === 0)),
        'no lag',
      );
      await Promise.all([judge.stop(), otherJudge.stop()]);
      for (const topic of ['scans', 'readings', 'verdicts', 'findings', 'revisions'] as const) {
        assertDescribed(await everythingIn(kafka, prefix, topic));
      }
      await assertAsOneProcess(day, stores, verdicts, await publishedFindings(kafka, prefix));
    });
  });
}
