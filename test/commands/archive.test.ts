import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import type { StoreProblem } from '../../analytics/index.ts';
import type { MachineCheck } from '../../commands/store/machine-checks.ts';
import type { Finding, Verdict } from '../../indicium/index.ts';
import { simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const DAY_MS = Date.UTC(2026, 10, 20);

async function dayWithStore(test: TestContext) {
  const folder = await temporaryFolder(test);
  await simulate(
    { seed: 3, pieces: 400, psds: 8, licenses: 5, frauds: ['copy', 'fork', 'forged'], images: 'none', dayMs: DAY_MS },
    folder,
  );
  const db = join(folder, 'post.duckdb');
  const runInto = (store: string) =>
    indicia(['run', folder, '--registry', join(folder, 'registry'), '--db', store, '--json']);
  const ran = await runInto(db);
  assert.equal(ran.exitCode, 0, ran.stderr);
  return { folder, db, runInto, archiveFolder: join(folder, 'archive'), scans: Number(JSON.parse(ran.stdout).scans) };
}

/** What investigators and plants are told, in an order that does not depend on row numbers. */
async function answersOf(db: string) {
  const verdicts = await indicia(['verdicts', '--db', db]);
  const findings = await indicia(['findings', '--db', db]);
  assert.deepEqual([verdicts.exitCode, findings.exitCode], [0, 0], verdicts.stderr + findings.stderr);
  return {
    verdicts: verdicts.stdout.trim().split('\n').toSorted(),
    findings: jsonLines<Finding>(findings.stdout)
      .map((finding) => JSON.stringify({ ...finding, scanIds: finding.scanIds.toSorted() }))
      .toSorted(),
  };
}

describe('an archive', () => {
  it('takes closed days out of the store, as Parquet by day, and brings them back as they were', async (test) => {
    const { db, archiveFolder, scans } = await dayWithStore(test);
    const before = await answersOf(db);
    const moved = await indicia([
      'archive',
      '--db',
      db,
      '--out',
      archiveFolder,
      '--before',
      '2026-12-24T00:00:00Z',
      '--json',
    ]);
    assert.equal(moved.exitCode, 0, moved.stderr);
    const { rows, days } = JSON.parse(moved.stdout);
    assert.equal(rows, scans);
    assert.ok(days.includes('2026-11-20'));
    assert.deepEqual(
      readdirSync(join(archiveFolder, 'evidence')).toSorted(),
      days.map((day: string) => `day=${day}`),
    );
    assert.deepEqual(await indicia(['verdicts', '--db', db]).then(({ stdout }) => stdout), '');
    const audit = await indicia(['doctor', '--db', db]);
    assert.equal(audit.exitCode, 0, audit.stdout);
    assert.match(audit.stdout, /of them in an archive/);

    // A look in between must not make the detectors count what comes back a second time.
    assert.equal((await indicia(['detect', '--db', db])).exitCode, 0);
    assert.equal((await indicia(['restore', '--db', db, '--archive', archiveFolder])).exitCode, 0);
    assert.equal((await indicia(['detect', '--db', db])).exitCode, 0);
    assert.deepEqual(await answersOf(db), before);
    assert.equal((await indicia(['doctor', '--db', db])).exitCode, 0);
  });

  it('leaves behind that its pieces were seen: a copy of one is not accepted', async (test) => {
    const { folder, db, archiveFolder } = await dayWithStore(test);
    const scans = (await readFile(join(folder, 'scans.ndjson'), 'utf8')).trim().split('\n');
    const accepted = new Set(
      jsonLines<Verdict>((await indicia(['verdicts', '--db', db])).stdout)
        .filter(({ disposition }) => disposition === 'accept')
        .map(({ scanId }) => scanId),
    );
    const original = scans.map((line) => JSON.parse(line)).find(({ scanId }) => accepted.has(scanId));
    await indicia(['archive', '--db', db, '--out', archiveFolder, '--before', '2026-12-24T00:00:00Z']);
    const answerTo = async (scanId: string) => {
      const copies = join(folder, `${scanId}.ndjson`);
      await writeFile(copies, `${JSON.stringify({ ...original, scanId, mailpieceId: scanId })}\n`);
      await indicia(['run', copies, '--registry', join(folder, 'registry'), '--db', db]);
      const verdicts = jsonLines<Verdict>((await indicia(['verdicts', '--db', db])).stdout);
      return verdicts.find((verdict) => verdict.scanId === scanId);
    };
    assert.deepEqual(await answerTo('copy-1'), { scanId: 'copy-1', disposition: 'manual', reasons: ['possible-copy'] });
    assert.equal((await indicia(['restore', '--db', db, '--archive', archiveFolder])).exitCode, 0);
    assert.deepEqual(await answerTo('copy-2'), { scanId: 'copy-2', disposition: 'divert', reasons: ['copy'] });
  });

  it('leaves days that are not closed where they are', async (test) => {
    const { db, archiveFolder } = await dayWithStore(test);
    const early = await indicia([
      'archive',
      '--db',
      db,
      '--out',
      archiveFolder,
      '--before',
      '2026-11-18T00:00:00Z',
      '--json',
    ]);
    assert.deepEqual(JSON.parse(early.stdout), { rows: 0, batches: 0, days: [] });
  });

  it('is compared, too, when the doctor is shown it: rows that only claim to be there are missing', async (test) => {
    const { db, archiveFolder } = await dayWithStore(test);
    const hide = async (sql: string) => {
      const instance = await DuckDBInstance.create(db);
      const connection = await instance.connect();
      await connection.run(sql);
      connection.closeSync();
      instance.closeSync();
    };
    await indicia(['archive', '--db', db, '--out', archiveFolder, '--copy']);
    assert.equal((await indicia(['doctor', '--db', db, '--archive', archiveFolder])).exitCode, 0);
    await hide('delete from evidence; update chain set is_archived = true');
    // Nothing in the ledger says that they left, so that they are there is not enough.
    const hidden = await indicia(['doctor', '--db', db, '--archive', archiveFolder, '--json']);
    assert.equal(hidden.exitCode, 3);
    const problems = jsonLines<StoreProblem>(hidden.stdout).filter(({ problem }) => problem !== undefined);
    assert.deepEqual(
      problems.map(({ problem, name }) => [problem, name]),
      [['table-changed', 'chain']],
    );
    rmSync(join(archiveFolder, 'evidence'), { recursive: true });
    await hide(`copy (select 1) to '${archiveFolder}/nothing.parquet' (format parquet)`);
    const { exitCode, stderr } = await indicia(['doctor', '--db', db, '--archive', archiveFolder]);
    assert.deepEqual([exitCode, /no archive/.test(stderr)], [2, true], stderr);
  });

  it('leaves scans where they are of which nobody said when they were made', async (test) => {
    const { folder, db, runInto, archiveFolder } = await dayWithStore(test);
    const scans = await readFile(join(folder, 'scans.ndjson'), 'utf8');
    const [line = ''] = scans.split('\n');
    await appendFile(
      join(folder, 'scans.ndjson'),
      `${JSON.stringify({ ...JSON.parse(line), scanId: 'no time', scannedAt: null })}\n`,
    );
    await runInto(db);
    await indicia(['archive', '--db', db, '--out', archiveFolder, '--before', '2027-01-01T00:00:00Z']);
    const left = jsonLines<{ scanId: string }>((await indicia(['verdicts', '--db', db])).stdout);
    assert.deepEqual(
      left.map(({ scanId }) => scanId),
      ['no time'],
    );
  });

  it('and the sources bring back a store that was lost, with the same answers', async (test) => {
    const { db, runInto, archiveFolder, folder } = await dayWithStore(test);
    const before = await answersOf(db);
    assert.equal((await indicia(['archive', '--db', db, '--out', archiveFolder, '--copy'])).exitCode, 0);
    for (const ending of ['', '.anchor']) rmSync(db + ending);
    const again = join(folder, 'again.duckdb');
    const restored = await indicia(['restore', '--db', again, '--archive', archiveFolder]);
    assert.equal(restored.exitCode, 0, restored.stderr);
    const rerun = await runInto(again);
    assert.equal(JSON.parse(rerun.stdout).scans, 0, 'every scan is recognized');
    assert.deepEqual(await answersOf(again), before);
    assert.equal((await indicia(['doctor', '--db', again])).exitCode, 0);
  });

  it('that was changed is refused, and nothing leaves or enters the store', async (test) => {
    const { db, archiveFolder, folder } = await dayWithStore(test);
    await indicia(['archive', '--db', db, '--out', archiveFolder, '--copy']);
    const [day = ''] = readdirSync(join(archiveFolder, 'evidence'));
    const [name = ''] = readdirSync(join(archiveFolder, 'evidence', day));
    const file = join(archiveFolder, 'evidence', day, name);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(
      `create table rows as from read_parquet('${file}');
       update rows set postage_mills = postage_mills + 1 where row_id = (select min(row_id) from rows where postage_mills is not null);
       copy rows to '${file}' (format parquet);`,
    );
    connection.closeSync();
    instance.closeSync();
    const refused = await indicia(['restore', '--db', join(folder, 'new.duckdb'), '--archive', archiveFolder]);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /are not what was recorded/);
  });
});

describe('the doctor', () => {
  it('names rows that were changed, says what to do, and accepts only what is whole in itself', async (test) => {
    const { db } = await dayWithStore(test);
    const instance = await DuckDBInstance.create(db);
    const connection = await instance.connect();
    await connection.run(
      "update evidence set disposition = 'accept' where row_id = (select max(row_id) from evidence where disposition = 'divert')",
    );
    connection.closeSync();
    instance.closeSync();
    const { exitCode, stdout } = await indicia(['doctor', '--db', db]);
    assert.equal(exitCode, 3);
    assert.match(stdout, /row-changed: row \d+, scan \S+, is not what it was when it was recorded/);
    assert.match(stdout, /indicia restore --archive/);
    const [problem] = jsonLines<StoreProblem>((await indicia(['doctor', '--db', db, '--json'])).stdout);
    assert.equal(problem?.problem, 'row-changed');
    const accepted = await indicia(['doctor', '--db', db, '--accept']);
    assert.equal(accepted.exitCode, 2);
    assert.match(accepted.stderr, /cannot be accepted/);
  });

  it('lets a store that lost its last commits go on from where it stands, and its sources fill it up', async (test) => {
    const { db, runInto } = await dayWithStore(test);
    const before = await answersOf(db);
    // As if the log had been lost: the anchor has seen more than the file holds.
    const anchor = readFileSync(`${db}.anchor`);
    const size = statSync(db).size;
    rmSync(db);
    assert.ok(size > 0);
    const refused = await runInto(db);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /lacks \d+ of \d+ acknowledged rows/);
    writeFileSync(`${db}.anchor`, anchor);
    const accepted = await indicia(['doctor', '--db', db, '--accept']);
    assert.equal(accepted.exitCode, 0, accepted.stderr);
    assert.equal((await runInto(db)).exitCode, 0);
    assert.deepEqual(await answersOf(db), before);
  });

  it('looks at the machine', async () => {
    const { exitCode, stdout } = await indicia(['doctor', '--json']);
    assert.equal(exitCode, 0, stdout);
    const checks = jsonLines<MachineCheck>(stdout);
    for (const name of ['node', '@duckdb/node-api', 'sharp', 'zxing-wasm']) {
      assert.equal(checks.find(({ check }) => check === name)?.result, 'passed', name);
    }
  });
});
