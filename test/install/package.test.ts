import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { FreshClone, fetchTools, NODES, type NodeLine } from '../support/fresh-machine.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** What the guides and users leave in a checkout, at its top and where they happened to work. */
const LEFT = [
  ...['sorter.token', 'tokens.json', '.env', 'indicia.json', 'scan.json', 'sorter.mjs', 'notes.txt'],
  ...['post.duckdb', 'post.duckdb.wal', 'post.duckdb.anchor', 'indicia-0.0.9.tgz'],
  ...['registry/root.json', 'day/scans.ndjson', 'drop/done/face.png', 'stores/partition-0000/store.duckdb'],
  ...['analytics/trial.duckdb', 'docs/anna.token', 'commands/post.duckdb.anchor', 'indicia-kafka/kafka.json'],
];
const FOLDERS = ['bin', 'dist', 'docs'];
const LOOSE = new Set(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);

/** Type-checks but for its last line. */
const USES_CLIENT = `import { connect, type Outcome, type SorterScan } from 'indicia/client';
const sorter = connect('http://127.0.0.1:8080', { token: 'secret' });
const scan: SorterScan = { scanId: 'a', plant: '06484', payload: new Uint8Array(3) };
const outcome: Outcome = await sorter.verdict(scan);
if ('disposition' in outcome) console.log(outcome.disposition satisfies 'accept' | 'divert' | 'manual');
const wrong: SorterScan = { scanId: 7 };
`;

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe('the package', () => {
  const scope = suiteScope();
  let clone: FreshClone;
  let packed: Packed;
  before(async () => {
    await fetchTools();
    clone = await FreshClone.in(await temporaryFolder(scope));
    for (const name of LEFT) {
      await mkdir(dirname(join(clone.folder, name)), { recursive: true });
      await writeFile(join(clone.folder, name), 'of the user\n');
    }
    const { stdout, stderr } = await clone.run('npm-11', 'node-24', ['npm', 'pack', '--json']);
    const [first]: Packed[] = Object.values(JSON.parse(stdout));
    packed = first ?? assert.fail(stderr);
  });

  it('takes along nothing that is left in the folder', () => {
    const paths = packed.files.map(({ path }) => path);
    assert.deepEqual(
      LEFT.filter((name) => paths.includes(name)),
      [],
    );
  });

  it('holds the program, its documents and license, and no more', () => {
    const others = packed.files.filter(({ path }) => {
      const [top = ''] = path.split('/');
      return !FOLDERS.includes(top) && !LOOSE.has(path);
    });
    assert.deepEqual(others, []);
    assert.deepEqual(
      packed.files.filter(({ path }) => /(?<!\.d)\.ts$/.test(path)),
      [],
      'no types that Node would refuse',
    );
  });

  describe('once it is installed elsewhere', () => {
    const size = ['--pieces', '30', '--psds', '4', '--licenses', '3', '--frauds', 'none', '--images', 'crops'];
    let user: FreshClone;
    const indicia = (node: NodeLine, ...args: string[]) =>
      user.run('npm-11', node, ['node_modules/.bin/indicia', ...args]);
    before(async () => {
      user = await FreshClone.empty(await temporaryFolder(scope));
      const install = [
        'npm',
        'install',
        '--loglevel=error',
        '--no-audit',
        '--no-fund',
        join(clone.folder, packed.filename),
      ];
      const { exitCode, stderr } = await user.run('npm-11', 'node-24', install);
      assert.equal(exitCode, 0, stderr);
    });

    for (const node of NODES) {
      it(`starts on ${node}`, async () => {
        assert.deepEqual(await indicia(node, '--version'), {
          exitCode: 0,
          stdout: `${manifest.version}\n`,
          stderr: '',
        });
      });
    }

    for (const node of NODES) {
      it(`gives programs on ${node} its client`, async () => {
        const program =
          "import { connect, ENCODINGS } from 'indicia/client'; console.log(typeof connect, ENCODINGS.length)";
        const run = await user.run('npm-11', node, ['node', '--input-type=module', '--eval', program]);
        assert.deepEqual(run, { exitCode: 0, stdout: 'function 3\n', stderr: '' });
      });
    }

    it('declares the types of its client', async () => {
      await writeFile(join(user.folder, 'sorter.mts'), USES_CLIENT);
      const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--types', 'node', 'sorter.mts'];
      const tsc = join(clone.folder, 'node_modules/typescript/bin/tsc');
      const types = ['--typeRoots', join(clone.folder, 'node_modules/@types')];
      const { exitCode, stdout } = await user.run('npm-11', 'node-24', ['node', tsc, ...flags, ...types]);
      assert.deepEqual([exitCode, stdout.match(/error TS\d+/g)], [1, ['error TS2322']], stdout);
    });

    it('simulates a day and reads its pictures, in all its threads and processes', async () => {
      assert.equal((await indicia('node-20', 'simulate', '--out', 'day', ...size)).exitCode, 0);
      const run = ['run', 'day/scans.ndjson', '--registry', 'day/registry', '--db', 'post.duckdb', '--json'];
      const { exitCode, stdout, stderr } = await indicia('node-26', ...run, '--received-at', '2026-11-21T18:00:00Z');
      assert.equal(exitCode, 0, stderr);
      const { scans, accepted } = JSON.parse(stdout);
      assert.ok(scans >= 30 && accepted >= 25, stdout);
    });
  });
});
