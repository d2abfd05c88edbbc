import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { dropFolder } from '../../ingest/index.ts';
import { SourceError } from '../../scans/index.ts';
import { AT_ONCE, DROPPED_AT_MS, DROPPED_DAY, filesBelow, RecordedDrops } from '../support/dropped.ts';
import { temporaryFolder } from '../support/temporary.ts';

const OWN = ['done', 'failed', 'taken', 'taken/open', 'taken/done', 'taken/failed'];
const ports = { nowMs: () => DROPPED_AT_MS, stopped: new AbortController().signal, onRefused: () => {} };
const put = (folder: string, name: string) => writeFile(join(folder, name), `picture ${name}`);

describe('a watched folder in which a folder is a link', () => {
  for (const name of OWN) {
    for (const what of ['out of it', 'to nowhere', 'round in a circle'] as const) {
      it(`${name}, ${what}: is not watched, and nothing is made or moved where it leads`, async (test) => {
        const folder = await temporaryFolder(test);
        const outside = await temporaryFolder(test);
        const target = { 'out of it': outside, 'to nowhere': join(outside, 'new'), 'round in a circle': 'loop' }[what];
        if (name.includes('/')) await mkdir(join(folder, 'taken'));
        await symlink(target === 'loop' ? join(folder, name) : target, join(folder, name));
        await put(folder, 'M_1_7.png');
        await assert.rejects(dropFolder(folder, AT_ONCE, ports), (error: unknown) => {
          return error instanceof SourceError && error.message.includes(join(folder, name).slice(-12));
        });
        assert.deepEqual(await readdir(outside), []);
        assert.ok((await readdir(folder)).includes('M_1_7.png'));
      });
    }
  }

  it('is watched under the name that a person gave it, also where that is a link itself', async (test) => {
    const folder = await temporaryFolder(test);
    const named = join(await temporaryFolder(test), 'named');
    await symlink(folder, named);
    await put(folder, 'M_1_7.png');
    await new RecordedDrops().watch(named);
    assert.deepEqual(filesBelow(join(folder, 'done')), [`${DROPPED_DAY}/M_1_7.png`]);
  });

  it('may have done elsewhere within it', async (test) => {
    const folder = await temporaryFolder(test);
    await mkdir(join(folder, 'archive'));
    await symlink('archive', join(folder, 'done'));
    await put(folder, 'M_1_7.png');
    await new RecordedDrops().watch(folder);
    assert.deepEqual(filesBelow(join(folder, 'archive')), [`${DROPPED_DAY}/M_1_7.png`]);
  });

  for (const [what, replace] of [
    ['the day', (folder: string, target: string) => symlink(target, join(folder, 'done', DROPPED_DAY))],
    [
      'all of done',
      async (folder: string, target: string) => {
        await rename(join(folder, 'done'), join(folder, 'was-done'));
        await symlink(target, join(folder, 'done'));
      },
    ],
    ['the day, by a file,', (folder: string) => writeFile(join(folder, 'done', DROPPED_DAY), '')],
  ] as const) {
    it(`goes on when ${what} is replaced while it runs: the file stays in taken/, is told of, and leaves later`, async (test) => {
      const folder = await temporaryFolder(test);
      const outside = await temporaryFolder(test);
      await put(folder, 'M_1_7.png');
      const recorded = new RecordedDrops();
      const left = join('done', DROPPED_DAY, 'M_1_7', 'M_1_7.png');
      await recorded.watch(
        folder,
        undefined,
        () => replace(folder, outside),
        (sentence) => sentence.includes('stays in taken/done'),
      );
      assert.deepEqual(await readdir(outside), []);
      assert.deepEqual(filesBelow(join(folder, 'taken')), [left]);
      assert.match(recorded.refused.join(), /M_1_7 stays in taken\/done/);
      await rm(join(folder, 'done'), { recursive: true });
      await recorded.watch(folder);
      assert.deepEqual(filesBelow(join(folder, 'done')), [`${DROPPED_DAY}/M_1_7.png`]);
      assert.equal(recorded.scans.get('M/1/7')?.length, 1);
    });
  }
});
