import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { FILE_FAULTS, type FileFault, readNamedFile } from '../../indicium/index.ts';
import { connectionFor } from '../../ingest/kafka/connection.ts';
import { readPlainFile } from '../../verify/plain-file.ts';
import { indicia } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

const BYTES_MAX = 20_000;

/** The readers of files that a person names: what one of them makes of a path. */
const READERS: readonly [string, (path: string, bytesMax: number) => Promise<Buffer | FileFault>][] = [
  ['verify', readPlainFile],
  [
    'indicium',
    async (path, bytesMax) => {
      const file = readNamedFile(path, bytesMax);
      return typeof file === 'string' ? file : file.bytes;
    },
  ],
];

let folder = '';
before(async (scope) => {
  if (!('after' in scope)) throw new TypeError('a hook of a suite');
  folder = await temporaryFolder(scope);
  const at = (name: string) => join(folder, name);
  execFileSync('mkfifo', [at('pipe')]);
  await mkdir(at('folder'));
  await symlink('loop', at('loop'));
  await symlink('/dev/zero', at('zero'));
  await symlink('/proc/self/mem', at('memory'));
  await symlink('/proc/self/smaps', at('endless'));
  await symlink('/proc/self/cmdline', at('no size'));
  await symlink('text', at('link'));
  await writeFile(at('text'), 'text');
  await writeFile(at('huge'), '');
  await truncate(at('huge'), 2 ** 40);
});

describe('a file that a person names', () => {
  const rows: [string, FileFault | RegExp][] = [
    ['text', /^text$/],
    ['link', /^text$/],
    ['no size', /node/],
    ['missing', 'absent'],
    ['text/below', 'absent'],
    ['x'.repeat(300), 'absent'],
    ['zero\0byte', 'absent'],
    ['pipe', 'irregular'],
    ['folder', 'irregular'],
    ['loop', 'irregular'],
    ['zero', 'irregular'],
    ['huge', 'too-long'],
    ['endless', 'too-long'],
    ['memory', 'unreadable'],
  ];
  for (const [where, read] of READERS) {
    for (const [name, expected] of rows) {
      const shown = JSON.stringify(name.slice(0, 20));
      it(`read by ${where}: ${shown} is ${expected}`, { timeout: 20_000 }, async () => {
        const file = await read(join(folder, name), BYTES_MAX);
        if (typeof expected === 'string') assert.equal(file, expected);
        else assert.match(file.toString('utf8'), expected);
      });
    }

    it(`read by ${where}: is taken up to its bound and not beyond`, async () => {
      const path = join(folder, `sized by ${where}`);
      const around = fc.constantFrom(0, 1, 65_535, 65_536, 65_537, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1);
      await fc.assert(
        fc.asyncProperty(around, fc.integer({ min: -2, max: 2 }), async (bytes, more) => {
          await writeFile(path, Buffer.alloc(bytes, 'x'));
          const bytesMax = Math.max(1, bytes + more);
          const file = await read(path, bytesMax);
          assert.equal(typeof file === 'string' ? file : file.length, bytes > bytesMax ? 'too-long' : bytes);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('is named with what is wrong where it is for Kafka', () => {
    for (const flag of ['tlsCa', 'saslPasswordFile'] as const) {
      const settings = { sasl: 'plain', saslUser: 'me', [flag]: join(folder, 'pipe') } as const;
      assert.throws(() => connectionFor(['127.0.0.1:9092'], settings, {}), /pipe: not a regular file/);
    }
  });
});

describe('a command that is given a pipe, a device or the like for a file', () => {
  const serve = ['serve', '--db', 'x.duckdb', '--registry', 'x', '--port', '0'];
  const commands: [string, (path: string) => string[]][] = [
    ['a config file', (path) => ['--config', path, 'doctor']],
    ['tokens', (path) => ['token', 'list', '--tokens', path]],
    ['tokens of a server', (path) => [...serve, '--tokens', path]],
    ['a policy', (path) => ['run', '-', '--db', 'x.duckdb', '--registry', 'x', '--policy', path]],
    ['a certificate', (path) => [...serve, '--no-auth', '--tls-cert', path, '--tls-key', path]],
    [
      'a client certificate',
      (path) => ['token', 'add', '--tokens', 't.json', '--name', 'x', '--role', 'metrics', '--certificate', path],
    ],
    [
      'a token',
      (path) => ['fleet', '--to', 'http://127.0.0.1:9', '--rate', '1', '--seconds', '1', '--token-file', path],
    ],
  ];
  for (const [what, args] of commands) {
    for (const name of ['pipe', 'zero', 'memory']) {
      it(`${what}: ${name}: says so and exits with 2`, { timeout: 30_000 }, async () => {
        const { stderr, exitCode } = await indicia(args(join(folder, name)), { cwd: folder });
        const sentence = name === 'memory' ? FILE_FAULTS.unreadable : FILE_FAULTS.irregular;
        assert.match(stderr, new RegExp(`${name}: ${sentence}`));
        assert.doesNotMatch(stderr, /\n\s+at /);
        assert.equal(exitCode, 2);
      });
    }
  }

  it('scans in a folder: says so and exits with 2', { timeout: 30_000 }, async (test) => {
    const day = await temporaryFolder(test);
    execFileSync('mkfifo', [join(day, 'scans.ndjson')]);
    const simulated = await indicia(['simulate', '--out', join(day, 'post'), '--pieces', '10', '--frauds', 'none']);
    assert.equal(simulated.exitCode, 0, simulated.stderr);
    const run = await indicia(['run', day, '--registry', join(day, 'post', 'registry'), '--db', join(day, 'x.duckdb')]);
    assert.match(run.stderr, /scans\.ndjson: not a regular file/);
    assert.equal(run.exitCode, 2);
  });

  it('a picture of a simulated day that lies elsewhere is not sent', { timeout: 60_000 }, async (test) => {
    const day = await temporaryFolder(test);
    await symlink('/etc/hostname', join(day, 'a.png'));
    for (const image of ['../../etc/hostname', 'a.png']) {
      await writeFile(join(day, 'scans.ndjson'), `${JSON.stringify({ scanId: 'a', machine: 'm', image })}\n`);
      const args = ['fleet', '--replay', day, '--to', 'http://127.0.0.1:9', '--rate', '1', '--seconds', '1'];
      const { stderr, exitCode } = await indicia(args);
      assert.match(stderr, /image-refused|image-missing/);
      assert.equal(exitCode, 2);
    }
  });
});
