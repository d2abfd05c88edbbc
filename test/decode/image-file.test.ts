import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readImageFile } from '../../decode/index.ts';
import { IMAGE_BYTES_MAX } from '../../decode/limits.ts';
import { temporaryFolder } from '../support/temporary.ts';

const outcomeOf = (read: Uint8Array | string) => (typeof read === 'string' ? read : read.length);

describe('reading the file of an image', () => {
  it('gives a reason for anything that can be opened and not read, and never throws', async () => {
    for (const path of ['/proc/self/mem', '/proc/self/clear_refs', '/proc/kmsg', '/proc/self/attr/current']) {
      const outcome = outcomeOf(readImageFile(path));
      assert.ok(
        ['image-refused', 'image-missing'].includes(String(outcome)) || Number(outcome) < 100,
        `${path}: ${outcome}`,
      );
    }
    assert.equal(readImageFile('/proc/self/mem'), 'image-refused');
  });

  it('gives what the system says has no size, and not more than a file may have', async (test) => {
    const cmdline = readImageFile('/proc/self/cmdline');
    assert.match(Buffer.from(cmdline).toString(), /node/);
    const path = join(await temporaryFolder(test), 'a');
    await writeFile(path, '');
    for (const [bytes, outcome] of [
      [0, 0],
      [1, 1],
      [IMAGE_BYTES_MAX - 1, IMAGE_BYTES_MAX - 1],
      [IMAGE_BYTES_MAX, IMAGE_BYTES_MAX],
      [IMAGE_BYTES_MAX + 1, 'image-too-large'],
      [2 ** 40, 'image-too-large'],
    ] as const) {
      await truncate(path, bytes);
      assert.equal(outcomeOf(readImageFile(path)), outcome);
    }
  });

  it('gives a reason for any name', async (test) => {
    const folder = await temporaryFolder(test);
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        '..',
        '.',
        '/',
        '//',
        '\0',
        'x'.repeat(255),
        'x'.repeat(256),
        'x/'.repeat(2_047),
        'x/'.repeat(2_049),
      ),
    );
    await fc.assert(
      fc.asyncProperty(name, async (given) => {
        const outcome = readImageFile(`${folder}/${given}`, folder);
        assert.ok(outcome === 'image-missing' || outcome === 'image-refused', String(outcome));
      }),
    );
  });

  it('holds a file to the folder, by where it really lies', async (test) => {
    const folder = await temporaryFolder(test);
    const other = await temporaryFolder(test);
    await mkdir(join(folder, 'in'));
    await mkdir(`${folder}/in-neighbor`);
    for (const place of [join(folder, 'in'), `${folder}/in-neighbor`, other]) await writeFile(join(place, 'a'), 'x');
    await symlink(join(folder, 'in'), join(other, 'link to in'));
    await symlink(other, join(folder, 'in', 'out'));
    await symlink('a', join(folder, 'in', 'b'));
    execFileSync('mkfifo', [join(folder, 'in', 'pipe')]);
    const within = join(folder, 'in');
    const rows: [string, number | string][] = [
      [join(within, 'a'), 1],
      [join(within, 'b'), 1],
      [join(other, 'link to in', 'a'), 1],
      [join(within, 'out', 'a'), 'image-refused'],
      [join(`${folder}/in-neighbor`, 'a'), 'image-refused'],
      [`${within}/../in-neighbor/a`, 'image-refused'],
      [join(within, 'pipe'), 'image-refused'],
      [within, 'image-refused'],
    ];
    for (const [path, outcome] of rows) assert.equal(outcomeOf(readImageFile(path, within)), outcome, path);
    assert.equal(outcomeOf(readImageFile(join(within, 'a'), join(other, 'link to in'))), 1);
    assert.equal(outcomeOf(readImageFile(join(within, 'a'), '/')), 1);
    assert.equal(outcomeOf(readImageFile(join(other, 'a'))), 1);
  });
});
