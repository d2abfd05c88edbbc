import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { DEFAULT_POLICY } from '../../analytics/judge/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface CaseLine {
  readonly caseId: string;
  readonly state: string;
  readonly score: number;
  readonly kinds: readonly string[];
}

let day = '';
let db = '';
before(async (test) => {
  if (!('after' in test)) throw new TypeError('a hook of a suite');
  day = await temporaryFolder(test);
  db = join(day, 'day.duckdb');
  const frauds = ['--frauds', 'copy,fork,short-postage'];
  assert.equal((await indicia(['simulate', '--out', day, '--pieces', '1500', ...frauds])).exitCode, 0);
  assert.equal((await indicia(['run', day, '--registry', join(day, 'registry'), '--db', db])).exitCode, 0);
});

const casesOf = async (...args: string[]) =>
  jsonLines<CaseLine>((await indicia(['cases', '--db', db, ...args])).stdout);

describe('cases', () => {
  it('are printed by score, and can be asked for by state', async () => {
    const cases = await casesOf();
    assert.ok(cases.length >= 4);
    assert.deepEqual(
      cases.map(({ score }) => score),
      cases.map(({ score }) => score).toSorted((a, b) => b - a),
    );
    assert.ok(cases.every(({ state }) => state === 'open'));
    assert.deepEqual(await casesOf('--state', 'closed'), []);
    assert.deepEqual(await casesOf('--state', 'open'), cases);
    const { stdout } = await indicia(['query', '--db', db, '--format', 'json', 'select case_id from cases']);
    assert.equal(jsonLines(stdout).length, cases.length, 'the view has them too');
  });

  it('are closed with a note, from the command line and a config file', async () => {
    const [first] = await casesOf();
    const config = join(day, 'indicia.json');
    await writeFile(config, JSON.stringify({ db }));
    const id = first?.caseId ?? '';
    const closed = await indicia(['--config', config, 'cases', 'close', id, '--note', 'PSD taken in']);
    assert.deepEqual([closed.exitCode, closed.stdout], [0, `${id} is closed\n`], closed.stderr);
    assert.deepEqual(
      (await casesOf('--state', 'closed')).map(({ caseId }) => caseId),
      [id],
    );
  });

  it('are not closed without an id that exists and a note', async () => {
    for (const [args, message] of [
      [['close', 'psd/none', '--note', 'x'], /has no case psd\/none/],
      [['close', 'psd/none'], /--note must say why/],
      [['close'], /expected nothing, or close and the id/],
      [['open', 'x'], /expected nothing, or close and the id/],
    ] as const) {
      const { exitCode, stderr } = await indicia(['cases', ...args, '--db', db]);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    }
  });
});

describe('revisions', () => {
  it('tell of scans that were accepted before the evidence against them came', async () => {
    const revisions = jsonLines<{ scanId: string; from: string; to: string; kinds: string[] }>(
      (await indicia(['revisions', '--db', db])).stdout,
    );
    const copies = revisions.filter(({ kinds }) => kinds.includes('copy'));
    assert.equal(copies.length, 2, 'the first of each pair; the second was diverted');
    assert.ok(copies.every(({ from, to }) => from === 'accept' && to === 'divert'));
    assert.equal(new Set(revisions.map(({ scanId }) => scanId)).size, revisions.length);
  });
});

describe('another policy', () => {
  const findings = async () => (await indicia(['findings', '--db', db])).stdout;

  it('is tried on the past without touching the present', async () => {
    const file = join(day, 'lenient.json');
    const parameters = {
      'short-postage': { toleranceGrams: 500 },
      coverage: { countedPiecesMin: 1, unseenShareMax: 0 },
    };
    await writeFile(file, JSON.stringify({ version: 4, dispositions: { copy: 'manual' }, parameters }));
    const before = await findings();
    const tried = await indicia(['detect', '--db', db, '--backtest', file, '--json']);
    assert.equal(tried.exitCode, 0, tried.stderr);
    const changes = jsonLines<{
      change: string;
      kind?: string;
      scanIdsRemoved?: string[];
      to?: string;
      scans?: number;
    }>(tried.stdout);
    const removed = changes.filter(({ change }) => change === 'removed');
    assert.deepEqual(new Set(removed.map(({ kind }) => kind)), new Set(['short-postage']));
    assert.equal(removed[0]?.scanIdsRemoved?.length, 1);
    const added = changes.filter(({ change }) => change === 'added');
    assert.deepEqual(new Set(added.map(({ kind }) => kind)), new Set(['coverage']));
    const verdicts = changes.filter(({ change }) => change === 'verdict');
    assert.deepEqual(
      verdicts.map(({ to, scans }) => [to, scans]),
      [['manual', 2]],
    );
    assert.equal(await findings(), before);
    assert.match((await indicia(['detect', '--db', db, '--backtest', file])).stdout, /^policy 4: \d+ changes\n/);
    assert.equal(await findings(), before);
  });

  it('decides at the divert gate what is done with a piece', async () => {
    const file = join(day, 'notes.json');
    await writeFile(file, JSON.stringify({ version: 5, dispositions: { copy: 'pass', fork: 'manual' } }));
    const other = join(day, 'other.duckdb');
    const run = await indicia([
      'run',
      day,
      '--registry',
      join(day, 'registry'),
      '--db',
      other,
      '--policy',
      file,
      '--json',
    ]);
    const { diverted, manual, accepted, scans } = JSON.parse(run.stdout);
    assert.deepEqual([diverted, manual, accepted], [0, 8, scans - 8], 'four forked counters, two sets');
    const verdicts = jsonLines<{ disposition: string; reasons: string[] }>(
      (await indicia(['verdicts', '--db', other])).stdout,
    );
    const noted = verdicts.filter(({ reasons }) => reasons.length > 0 && !reasons.includes('fork'));
    assert.deepEqual(
      new Set(noted.map(({ disposition, reasons }) => `${disposition} ${reasons}`)),
      new Set(['accept copy']),
    );
  });

  it('is taken from the flag before the environment, and marks what was found by it', async () => {
    const [two, three] = [join(day, 'two.json'), join(day, 'three.json')];
    const parameters = { 'short-postage': { toleranceGrams: 500 } };
    await writeFile(two, JSON.stringify({ version: 12 }));
    await writeFile(three, JSON.stringify({ version: 13, parameters }));
    const versions = async () =>
      new Set(
        jsonLines<{ kind: string; policyVersion: number }>(await findings()).map(({ policyVersion }) => policyVersion),
      );
    assert.deepEqual(await versions(), new Set([DEFAULT_POLICY.version]));
    await indicia(['detect', '--db', db], { env: { INDICIA_POLICY: two } });
    assert.deepEqual(await versions(), new Set([12]));
    await indicia(['detect', '--db', db, '--policy', three], { env: { INDICIA_POLICY: two } });
    assert.deepEqual(await versions(), new Set([13]));
    assert.doesNotMatch(await findings(), /short-postage/);
    const unknown = await indicia(['detect', '--db', db, '--policy', join(day, 'none.json')]);
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /none\.json: no such policy file/);
  });
});
