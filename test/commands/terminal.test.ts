import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { before, describe, it } from 'node:test';
import { Progress, print, printJson, type Terminal, warn } from '../../commands/terminal.ts';
import { createLog } from '../../server/index.ts';
import { Collected } from '../support/collected.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { SmallWorld } from '../support/marks.ts';
import { filesOf, publishedRegistry } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Sets the title, clears the screen, colors by C1, turns the direction, and ends the line early. */
const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066\r\nall is well\u2028';
const OBEYED = /(?![\n\t])\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

function heard(isWatched: boolean) {
  const output = new Collected();
  const terminal: Terminal = { stdin: Readable.from([]), stdout: output, stderr: output, isWatched, nowMs: () => 0 };
  return { terminal, output, said: () => output.text };
}

let db = '';
let folder = '';
before(async (scope) => {
  if (!('after' in scope)) throw new TypeError('a hook of a suite');
  const world = new SmallWorld(1, 1);
  const [license] = world.records.licenses;
  assert.ok(license !== undefined);
  const records = { ...world.records, licenses: [{ ...license, holder: HOSTILE, town: HOSTILE }] };
  const registry = await publishedRegistry(scope, filesOf(records));
  folder = await temporaryFolder(scope);
  db = join(folder, 'store.duckdb');
  const payload = world.frank().toString('base64');
  const fields = { plant: HOSTILE, machine: HOSTILE, destination: HOSTILE, [HOSTILE]: HOSTILE };
  const scan = (id: string) => ({ scanId: `${id}${HOSTILE}`, mailpieceId: `${id}${HOSTILE}`, ...fields });
  const lines = [
    { ...scan('one'), payload },
    { ...scan('two'), payload },
    { ...scan('three'), image: `${HOSTILE}.png` },
    { ...scan('four'), image: `../${HOSTILE}` },
  ];
  const stdin = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const run = await indicia(['run', '-', '--registry', registry, '--db', db], { stdin, cwd: folder });
  assert.equal(run.exitCode, 3, run.stderr);
  assert.doesNotMatch(run.stdout + run.stderr, OBEYED);
});

describe('what commands say on a terminal', () => {
  it('holds nothing that it obeys, whatever the text', async () => {
    const { terminal, said } = heard(true);
    await print(terminal, `${HOSTILE}\n`);
    await printJson(terminal, { HOSTILE });
    warn(terminal, HOSTILE);
    assert.doesNotMatch(said(), OBEYED);
  });

  it('is one line of progress, which only the carriage return in front of it moves', () => {
    for (const isWatched of [true, false]) {
      const { terminal, said } = heard(isWatched);
      const progress = new Progress(terminal);
      progress.show(HOSTILE);
      progress.done(HOSTILE);
      const text = said();
      assert.equal(text.split('\n').length, 2);
      assert.doesNotMatch(text.replaceAll('\r\\u001b]0;owned', ''), OBEYED);
    }
  });

  it('is safe in the log, too, which is still JSON', () => {
    const { output, said } = heard(false);
    createLog(output, 'info').info({ file: HOSTILE }, HOSTILE);
    const text = said();
    assert.doesNotMatch(text, OBEYED);
    const { file, msg } = JSON.parse(text);
    assert.deepEqual([file, msg], [HOSTILE, HOSTILE]);
  });

  it('is safe where it repeats the arguments of a wrong command', async () => {
    const { stderr, exitCode } = await indicia([`fly${HOSTILE}`]);
    assert.equal(exitCode, 2);
    assert.doesNotMatch(stderr, OBEYED);
  });
});

describe('hostile text in scans and registries', () => {
  const SQL = 'select scan_id, plant, machine, mailpiece_id, extra from scans order by scan_id';

  it('is escaped in tables and CSV, one line a row', async () => {
    for (const format of ['table', 'csv']) {
      const { stdout, exitCode } = await indicia(['query', '--db', db, '--format', format, SQL]);
      assert.equal(exitCode, 0);
      assert.doesNotMatch(stdout, OBEYED);
      const rows = stdout.split('\n').filter((line) => line.includes('\\u001b]0;owned'));
      assert.equal(rows.length, 4, stdout);
    }
  });

  it('is escaped in the names of columns', async () => {
    for (const format of ['table', 'csv', 'json']) {
      const sql = `select 1 as "a\u001b[2J\u009b\u202e"`;
      const { stdout } = await indicia(['query', '--db', db, '--format', format, sql]);
      assert.match(stdout, /a\\u001b\[2J\\u009b\\u202e/);
      assert.doesNotMatch(stdout, OBEYED);
    }
  });

  it('is escaped in JSON, and exact', async () => {
    const { stdout } = await indicia(['query', '--db', db, '--format', 'json', SQL]);
    assert.doesNotMatch(stdout, OBEYED);
    const ids = jsonLines<{ scan_id: string; plant: string }>(stdout);
    assert.deepEqual(
      ids.map(({ scan_id, plant }) => [scan_id, plant]),
      ['four', 'one', 'three', 'two'].map((id) => [`${id}${HOSTILE}`, HOSTILE]),
    );
  });

  for (const command of ['verdicts', 'findings', 'cases', 'revisions', 'reconcile']) {
    it(`is escaped by ${command}`, async () => {
      const { stdout, stderr } = await indicia([command, '--db', db]);
      assert.doesNotMatch(stdout + stderr, OBEYED);
    });
  }

  it('is escaped in the report, where ids must not read backwards', async () => {
    const out = join(folder, 'report.html');
    assert.equal((await indicia(['report', '--db', db, '--out', out])).exitCode, 0);
    const html = await readFile(out, 'utf8');
    assert.match(html, /\\u001b\]0;owned/);
    assert.doesNotMatch(html, OBEYED);
  });

  it('is escaped in names of files that are decoded, one line a file', async () => {
    const file = join(folder, 'a\u001b[2J\u009b\u202e\nfake.png: DataMatrix, indicium.png');
    await writeFile(file, 'no picture');
    for (const flags of [[], ['--json']]) {
      const { stdout } = await indicia(['decode', file, ...flags]);
      assert.doesNotMatch(stdout, OBEYED);
      assert.equal(stdout.split('\n').length, 2, stdout);
    }
  });
});
