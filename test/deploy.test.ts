import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { indicia } from './support/command-line.ts';
import { temporaryFolder } from './support/temporary.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const UNIT = read('deploy/indicia.service');
const PROGRAM = '/srv/indicia/node_modules/.bin/node';

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
let help = '';
before(async () => {
  help = (await indicia(['serve', '--help'])).stdout.replaceAll(/\s+/g, ' ');
});

/** Variables of the service that the command does not read. */
function unknownIn(text: string): string[] {
  const names = [...text.matchAll(/\b(INDICIA_\w+)=/g)].map(([, name = '']) => name);
  assert.ok(names.length >= 3);
  return names.filter((name) => !help.includes(`env: ${name}`));
}

describe('deploy/indicia.service', () => {
  const skip = hasSystemd ? false : 'there is no systemd-analyze';
  it('is a unit in which systemd finds nothing to complain of', { skip }, async (test) => {
    const path = join(await temporaryFolder(test), 'indicia.service');
    assert.ok(UNIT.includes(PROGRAM));
    // A program that is there.
    await writeFile(path, UNIT.replace(PROGRAM, process.execPath));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
    const ours = stderr.split('\n').filter((line) => line.includes('indicia.service'));
    assert.deepEqual([status, ours], [0, []], stderr);
  });

  it('sets only variables that serve reads', () => {
    assert.deepEqual(unknownIn(UNIT), []);
  });
});

describe('Dockerfile', () => {
  it('sets only variables that serve reads', () => {
    assert.deepEqual(unknownIn(read('Dockerfile')), []);
  });

  it('copies the rooms of the product, and what installs it', () => {
    const rooms = globSync('*/**/*.{ts,js}', { cwd: ROOT, exclude: ['node_modules/**', 'dist/**'] })
      .map((path) => `/${path.split('/')[0]}`)
      .filter((room) => !['/benchmarks', '/examples', '/test'].includes(room));
    const others = ['/*.ts', '/.npmrc', '/package-lock.json', '/package.json'];
    const allowed = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    assert.deepEqual(allowed, [...new Set(rooms), ...others].toSorted());
  });
});
