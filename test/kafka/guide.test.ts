import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT, type ExitCode } from '../../commands/exit-codes.ts';
import { brokerArtifacts } from '../../commands/kafka/trial-broker/artifacts.ts';
import { isFreePort } from '../../commands/kafka/trial-broker/cluster.ts';
import { atHome, documentedLines } from '../support/documented.ts';
import { freePort, guideFolder, type RunningShell, startShell } from '../support/guide-folder.ts';
import { everythingIn, linesOf, testKafka, withoutKafka } from '../support/kafka.ts';
import { suiteScope } from '../support/sorter-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KAFKA = documentedLines(await readFile(join(ROOT, 'docs/KAFKA.md'), 'utf8'));
const README = documentedLines(await readFile(join(ROOT, 'README.md'), 'utf8')).filter((line) => /kafka/.test(line));
const [UP = '', DOWN = ''] = ['kafka up', 'kafka down'].map((name) => KAFKA.find((line) => line.includes(name)) ?? '');

/** Of two seconds of the fleet. */
const SCANS = 100;
const isMember = (line: string) => /indicia run /.test(line);
const artifacts = await brokerArtifacts(process.env).catch(withoutKafka);

if (artifacts !== null) {
  describe('the lines about Kafka', { timeout: 300_000 }, () => {
    const scope = suiteScope();
    const exchanged: Record<string, string> = {
      '--partitions 48': '--partitions 4',
      '--partitions 24': '--partitions 4',
      '--rate 500 --seconds 60': '--rate 50 --seconds 2 --psds 20 --licenses 10',
      'http://10.0.0.8': 'http://127.0.0.1',
      'http://10.0.0.7': 'http://127.0.0.1',
      '--api-host 10.0.0.7': '--api-host 127.0.0.1',
    };
    const tried: string[] = [];
    let folder = '';
    let token = '';
    let prefix = '';
    const members: RunningShell[] = [];
    const start = (line: string, isLong = false) =>
      startShell(folder, `${isLong ? 'exec ' : ''}${atHome(line, exchanged)}`, {
        INDICIA_TOKEN: token,
        INDICIA_KAFKA_PREFIX: prefix,
      });
    async function runs(line: string, expected: ExitCode = EXIT.done): Promise<string> {
      tried.push(line);
      const { exitCode, stdout, stderr } = await start(line).ended;
      assert.equal(exitCode, expected, `${line}\n${stderr}`);
      return stdout;
    }
    const linesWith = (lines: readonly string[], part: string) => lines.filter((line) => line.includes(part));
    async function startMembers(lines: readonly string[]): Promise<void> {
      for (const line of lines.filter(isMember)) {
        tried.push(line);
        members.push(start(line, true));
      }
    }
    async function stopMembers(): Promise<void> {
      for (const member of members) member.stop();
      const ends = await Promise.all(members.map(({ ended }) => ended));
      for (const { exitCode, stderr } of ends) assert.equal(exitCode, EXIT.done, stderr);
      members.length = 0;
    }
    /** Sends the fleet of the document, whose every scan gets its verdict. */
    async function sent(): Promise<void> {
      for (const line of linesWith(KAFKA, 'indicia fleet')) await runs(line);
      const kafka = testKafka(exchanged['kafka://127.0.0.1:9092']?.replace('kafka://', '').split(',') ?? []);
      await everythingIn(kafka, prefix, 'verdicts', (messages) => linesOf(messages).length >= SCANS);
    }

    it('start brokers, the first on port 9092 where it is free, and say what comes next with the address', async () => {
      folder = await guideFolder(scope);
      scope.after(async () => {
        for (const member of members) member.stop();
        if (!tried.includes(DOWN)) await start(DOWN).ended;
      });
      const isFree = await isFreePort(9092);
      for (const line of linesWith(KAFKA, 'indicia doctor')) await runs(line);
      tried.push(UP);
      const { exitCode, stdout, stderr } = await start(UP).ended;
      assert.equal(exitCode, EXIT.done, stderr);
      const url = stdout.trim();
      const brokers = url.replace('kafka://', '').split(',');
      assert.equal(brokers.length, 3);
      assert.equal(brokers[0] === '127.0.0.1:9092', isFree);
      for (const line of linesWith(README, 'indicia run --stage').concat(linesWith(README, 'kafka topics'))) {
        assert.ok(stderr.includes(line.replace('kafka://127.0.0.1:9092', url).trim()), `${line}\n${stderr}`);
      }
      for (const line of linesWith(README, 'kafka up')) assert.equal((await runs(line)).trim(), url);
      const [one = '', two = ''] = brokers;
      exchanged['kafka://kafka-1:9092,kafka-2:9092,kafka-3:9092'] = url;
      exchanged['kafka://kafka-1:9092,kafka-2:9092'] = `kafka://${one},${two}`;
      exchanged['kafka://kafka-1:9092'] = `kafka://${one}`;
      exchanged['kafka://127.0.0.1:9092'] = url;
    });

    it('create topics, start members, and send a fleet through them, as docs/KAFKA.md has them', async () => {
      exchanged['9400'] = String(await freePort());
      for (const line of linesWith(KAFKA, 'kafka topics')) await runs(line);
      const add = 'npx indicia token add --tokens tokens.json --name anna --role investigator';
      token = (await start(add).ended).stdout.trim();
      for (const line of linesWith(KAFKA, 'indicia fleet'))
        await start(line.replace(/--to \S+/, '--to fleet.ndjson')).ended;
      await cp(join(folder, 'fleet/registry'), join(folder, 'registry'), { recursive: true });
      await mkdir(join(folder, 'stores'));
      await startMembers(KAFKA);
      await sent();
    });

    it('ask running judges, stop members in order, and ask what they stored', async () => {
      for (const line of linesWith(KAFKA, '--db http')) {
        const one = line.replace(/ --db http:\/\/10\.0\.0\.8:9400/, '');
        tried.push(line);
        const { exitCode, stdout, stderr } = await start(one).ended;
        assert.equal(exitCode, EXIT.done, stderr);
        assert.match(stdout, /disposition/);
      }
      await stopMembers();
      for (const part of [
        'indicia detect',
        'indicia findings',
        'indicia query --db stores',
        'kafka dead-letters',
        'kafka redrive',
      ])
        for (const line of linesWith(KAFKA, part)) await runs(line);
    });

    it('do the same as README.md has them', async () => {
      prefix = 'readme-';
      for (const line of linesWith(README, 'kafka topics')) await runs(line);
      await startMembers(README);
      await sent();
      // The one that does it all alone publishes nothing.
      while (!existsSync(join(folder, 'post.duckdb.anchor'))) await sleep(50);
      await stopMembers();
      for (const part of ['kafka dead-letters', 'kafka redrive'])
        for (const line of linesWith(README, part)) await runs(line);
    });

    it('stop the brokers, and none was left out', async () => {
      await runs(DOWN);
      assert.deepEqual(
        [...KAFKA, ...README].filter((line) => !tried.includes(line)),
        [],
      );
    });
  });
}
