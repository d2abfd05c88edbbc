import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreReader } from '../../analytics/index.ts';
import { PartitionFolder, partitionsIn } from '../../analytics/store/partition-folder.ts';
import type { Finding, Verdict } from '../../indicium/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { assertDescribed } from '../support/described.ts';
import { everythingIn, freshTopics, kafkaForTests, linesOf, type TestKafka } from '../support/kafka.ts';
import { withoutSources } from '../support/partition-stores.ts';
import { RECEIVED_AT } from '../support/receipt.ts';
import { StageProcess } from '../support/stage-process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const kafka = await kafkaForTests();

const PARTITIONS = 4;
const POLL_EVERY_MS = 200;

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

function toldBy(members: readonly StageProcess[]): string {
  return members.map(({ story }) => story).join('\n');
}

async function until(isTrue: () => boolean, what: string, members: readonly StageProcess[]): Promise<void> {
  for (let waited = 0; !isTrue(); waited += POLL_EVERY_MS) {
    assert.ok(waited < 60_000, `waited in vain for ${what}: ${waited < 60_000 ? '' : toldBy(members)}`);
    await sleep(POLL_EVERY_MS);
  }
}

const scanIdOf = (line: string): string => JSON.parse(line).scanId;

/** All that the stores of the partitions hold: scans in the order in which they were judged, verdicts, findings. */
async function storesOf(folder: string) {
  const order: string[] = [];
  const verdicts: Verdict[] = [];
  const findings: Finding[] = [];
  for (const partition of partitionsIn(folder)) {
    const files = PartitionFolder.open(folder, partition);
    const reader = await StoreReader.open(files.storePath(files.newestStore() ?? assert.fail()));
    for await (const verdict of reader.uncheckedVerdicts()) {
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
  assert.equal((await indicia(['run', ordered, '--registry', day.registry, '--db', db, ...RECEIVED_AT])).exitCode, 0);
  const alone = jsonLines<Finding>((await indicia(['findings', '--db', db])).stdout);
  const answers = jsonLines<Verdict>((await indicia(['verdicts', '--unchecked', '--db', db])).stdout);
  assert.ok(alone.length > 50);
  assert.deepEqual(asLines(found.verdicts), asLines(answers));
  assert.deepEqual(asLines(withoutSources(found.findings)), asLines(withoutSources(alone)));
  // What was published says the same, and the plant: one answer for each scan, however often it came.
  const withPlant = answers.map(({ scanId, ...verdict }) => {
    const { plant } = JSON.parse(scans.get(scanId) ?? assert.fail(scanId));
    return { scanId, plant, ...verdict };
  });
  assert.deepEqual([...new Set(asLines(verdicts))], asLines(withPlant));
  assert.deepEqual(asLines(findings), asLines(found.findings));
}

/** Findings as they stand: the newest message of each key, if it has a value. */
async function publishedFindings(cluster: TestKafka, prefix: string): Promise<Finding[]> {
  const newest = new Map<string, Buffer | null>();
  for (const { key, value } of await everythingIn(cluster, prefix, 'findings')) newest.set(String(key), value);
  return [...newest.values()].flatMap((value): Finding[] => (value === null ? [] : [JSON.parse(value.toString())]));
}

if (kafka !== null) {
  describe('stages on Kafka', () => {
    it('answer and find as one process does, though members are killed or stopped and scans come twice', async (test) => {
      const day = await simulatedDay(await temporaryFolder(test), 1_500);
      const prefix = 'killed-';
      await freshTopics(kafka, prefix, PARTITIONS);
      const stores = join(day.folder, 'stores');
      const common = [kafka.url, '--prefix', prefix, '--registry', day.registry, '--session-seconds', '2'];
      const member = (stage: string) =>
        new StageProcess(test, ['--stage', stage, ...common, '--db', stores, '--workers', '1', '--detect-every', '3']);
      const third = Math.ceil(day.lines.length / 3);
      const thirds = [0, 1, 2].map((index) => day.lines.slice(index * third, (index + 1) * third));
      const send = async (lines: readonly string[], name: string) => {
        await mkdir(join(day.folder, name));
        await writeFile(join(day.folder, name, 'scans.ndjson'), lines.map((line) => `${line}\n`).join(''));
        const from = ['fleet', '--replay', join(day.folder, name), '--pieces', String(lines.length)];
        const sent = await indicia([...from, '--to', kafka.url, '--prefix', prefix, '--rate', '400']);
        assert.equal(sent.exitCode, 0, sent.stderr);
      };
      let [reader, otherReader] = [member('read'), member('read')];
      let [judge, otherJudge] = [member('judge'), member('judge')];
      const members = () => [reader, otherReader, judge, otherJudge];
      await until(() => members().every(({ last }) => last?.partitions?.length === 2), 'four members', members());

      const first = send(thirds[0] ?? [], 'first');
      await until(() => (judge.last?.scans ?? 0) > 0, 'some scans', members());
      await Promise.all([reader.kill(), judge.kill()]);
      reader = member('read');
      judge = member('judge');
      await first;
      const before = otherJudge.last?.scans ?? 0;
      const second = send(thirds[1] ?? [], 'second');
      await until(() => (otherJudge.last?.scans ?? 0) > before, 'more scans', members());
      // Others take over from a judge that stands still; when it wakes, its partitions are not its own any more.
      otherJudge.signal('SIGSTOP');
      await until(() => judge.last?.partitions?.length === PARTITIONS, 'all partitions to be taken over', members());
      otherJudge.signal('SIGCONT');
      await second;
      await send(thirds[2] ?? [], 'third');
      // The same scans once more, as a producer sends them that knows nothing of what it did.
      await send(thirds[0] ?? [], 'again');

      const expected = day.lines.length + third;
      const answered = everythingIn(kafka, prefix, 'verdicts', (messages) => linesOf(messages).length >= expected);
      const verdicts = linesOf<Verdict>(
        await answered.catch((error: Error) => assert.fail(`${error.message}: ${toldBy(members())}`)),
      );
      assert.equal(verdicts.length, expected, 'each delivered scan is answered once');
      await Promise.all([reader.stop(), otherReader.stop()]);
      const isIdle = ({ last }: StageProcess) => last?.partitions?.every((partition) => partition.isIdle);
      await until(() => [judge, otherJudge].every(isIdle), 'the detectors', members());
      await Promise.all([judge.stop(), otherJudge.stop()]);
      for (const topic of ['scans', 'readings', 'verdicts', 'findings', 'revisions'] as const) {
        assertDescribed(await everythingIn(kafka, prefix, topic));
      }
      await assertAsOneProcess(day, stores, verdicts, await publishedFindings(kafka, prefix));
    });
  });
}
