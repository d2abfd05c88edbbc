import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { EXIT } from '../../commands/exit-codes.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { RECEIVED_AT } from '../support/receipt.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** All that a file system takes, but for the question mark, since DuckDB makes something else of it. */
const ODD = 'a#b%20 c\'d"e\nfäß日{g,h}$i;m:n&~';
/** Patterns, which DuckDB would read other files for; and a backslash, which patterns cannot have beside these. */
const NAMES = [`${ODD}*j[k]**`, `${ODD}\\l`];
const BY_NAME = /^indicia: [^\n]*a\?b[^\n]*: a store cannot have a "\?" in the path of its file/m;

for (const name of NAMES) {
  describe(`paths with the name ${JSON.stringify(name)}`, () => {
    const scope = suiteScope();
    let top: string;
    let world: Record<'day' | 'registry' | 'db' | 'drop' | 'archive' | 'stores', string>;
    before(async () => {
      top = await temporaryFolder(scope);
      const at = (what: string) => join(top, name, `${what} ${name}`);
      world = {
        day: at('day'),
        registry: join(at('day'), 'registry'),
        db: at('db'),
        drop: at('drop'),
        archive: at('archive'),
        stores: at('stores'),
      };
      await mkdir(join(top, name));
      // What a pattern would mean, too.
      await mkdir(join(top, 'ak'));
    });
    async function ends(args: readonly string[], expected: number = EXIT.done): Promise<string> {
      const { exitCode, stdout, stderr } = await indicia(args);
      assert.equal(exitCode, expected, `${args[0]}: ${stderr}`);
      return stdout;
    }

    it('are written by simulate and fleet, read by run, decode, verify and trust', async () => {
      const { day, registry, db } = world;
      const size = ['--pieces', '20', '--psds', '4', '--licenses', '3', '--frauds', 'none'];
      await ends(['simulate', '--out', day, ...size, '--images', 'crops']);
      const common = ['--registry', registry, '--json', ...RECEIVED_AT];
      const [run] = jsonLines<{ scans: number }>(await ends(['run', join(day, 'scans.ndjson'), '--db', db, ...common]));
      assert.ok((run?.scans ?? 0) >= 20);
      const images = join(day, 'images');
      const [first = ''] = readdirSync(images);
      await copyFile(join(images, first), join(top, name, `${name}.png`));
      assert.notEqual((await indicia(['decode', '--', join(top, name, `${name}.png`)])).exitCode, EXIT.usage);
      await ends(['trust', 'check', '--registry', registry]);
      await cp(registry, `${registry} pulled`, { recursive: true });
      await ends(['trust', 'pull', '--from', registry, '--registry', `${registry} pulled`]);
      const fleet = ['--pieces', '10', '--psds', '4', '--licenses', '3'];
      await ends(['fleet', '--to', `${day}.ndjson`, ...fleet, '--out', `${day} fleet`]);
      const [fed] = jsonLines<{ scans: number }>(
        await ends([
          'run',
          `${day}.ndjson`,
          '--db',
          `${db} fed`,
          '--json',
          ...RECEIVED_AT,
          '--registry',
          `${day} fleet/registry`,
        ]),
      );
      assert.equal(fed?.scans, 10);
      await ends(['token', 'add', '--tokens', `${db}.json`, '--name', name.slice(0, 1), '--role', 'metrics']);
    });

    it('are asked, alone and together, exported and told as a report', async () => {
      const { db } = world;
      const sql = 'select count(*)::integer as scans from verdicts';
      const scansIn = async (...more: string[]) =>
        jsonLines<{ scans: number }>(await ends(['query', '--db', db, ...more, '--format', 'json', sql]))[0]?.scans;
      const alone = await scansIn();
      assert.equal(await scansIn('--db', `${db} fed`), (alone ?? 0) + 10);
      for (const format of ['csv', 'arrow', 'parquet'])
        await ends(['query', '--db', db, '--format', format, 'from verdicts']);
      await ends(['report', '--db', db, '--out', `${db}.html`]);
      assert.ok(existsSync(`${db}.html`));
      await ends(['doctor', '--db', db]);
    });

    it('are archived and come back, and no other archive for them', async () => {
      const { db, archive } = world;
      const before = jsonLines(await ends(['verdicts', '--db', db]));
      await ends(['archive', '--db', db, '--out', archive, '--before', '2027-01-01T00:00:00Z']);
      assert.deepEqual(jsonLines(await ends(['verdicts', '--db', db])), []);
      assert.equal(jsonLines(await ends(['verdicts', '--db', db, '--db', archive])).length, before.length);
      await ends(['doctor', '--db', db, '--archive', archive]);
      await ends(['restore', '--db', `${db} new`, '--archive', archive]);
      await ends(['restore', '--db', db, '--archive', archive]);
      assert.deepEqual(jsonLines(await ends(['verdicts', '--db', db])), before);
    });
  });
}

describe('a question mark in a path', () => {
  const scope = suiteScope();
  let top: string;
  before(async () => {
    top = join(await temporaryFolder(scope), 'a?b');
    await mkdir(top);
    const size = ['--pieces', '10', '--psds', '4', '--licenses', '3', '--frauds', 'none'];
    assert.equal((await indicia(['simulate', '--out', join(top, 'day?'), ...size])).exitCode, EXIT.done);
    await writeFile(join(top, 'nothing.duckdb'), '');
  });
  const registry = () => ['--registry', join(top, 'day?/registry')];

  it('is read in sources and registries, and written in other outputs', async () => {
    const db = join(top, '..', 'post.duckdb');
    const run = await indicia(['run', join(top, 'day?/scans.ndjson'), ...registry(), '--db', db, ...RECEIVED_AT]);
    assert.equal(run.exitCode, EXIT.done, run.stderr);
    for (const args of [
      ['archive', '--db', db, '--out', join(top, 'archive?'), '--before', '2027-01-01T00:00:00Z'],
      ['restore', '--db', db, '--archive', join(top, 'archive?')],
      ['report', '--db', db, '--out', join(top, 'report?.html')],
    ]) {
      const { exitCode, stderr } = await indicia(args);
      assert.equal(exitCode, EXIT.done, stderr);
    }
  });

  it('is refused by name in the path of a store, for writing and reading, and nothing is made', async () => {
    const before = readdirSync(top);
    for (const args of [
      ['run', join(top, 'day?/scans.ndjson'), ...registry(), '--db', join(top, 'new.duckdb')],
      ['serve', ...registry(), '--db', join(top, 'new.duckdb'), '--no-auth', '--port', '0'],
      ['restore', '--archive', join(top, 'archive?'), '--db', join(top, 'new.duckdb')],
      ['doctor', '--db', join(top, 'nothing.duckdb')],
      ['verdicts', '--db', join(top, 'nothing.duckdb')],
      ['detect', '--db', join(top, 'nothing.duckdb')],
      ['verdicts', '--db', join(top, 'nothing.duckdb'), '--db', join(top, 'nothing.duckdb')],
    ]) {
      const { exitCode, stderr } = await indicia(args);
      assert.equal(exitCode, EXIT.usage, `${args[0]}: ${stderr}`);
      assert.match(stderr, BY_NAME);
    }
    assert.deepEqual(readdirSync(top), before);
  });

  it('is refused in the folder that the process works in, too', async () => {
    const { exitCode, stderr } = await indicia(['doctor', '--db', 'nothing.duckdb'], { cwd: top });
    assert.equal(exitCode, EXIT.usage);
    assert.match(stderr, /nothing\.duckdb: a store cannot have a "\?"/);
  });
});
