import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { openSource } from '../../ingest/index.ts';
import { FOLDER_NOTICES_MAX } from '../../ingest/limits.ts';
import { SourceError } from '../../scans/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BMP = Buffer.from([0x42, 0x4d, 0x46, 0, 0, 0, 0, 0, 0, 0, 0x36, 0, 0, 0]);

/** A folder of images inside a new folder, so that there is something beside it. */
async function emptyFolder(test: TestContext): Promise<{ folder: string; beside: string }> {
  const beside = await temporaryFolder(test);
  const folder = join(beside, 'images');
  await mkdir(folder);
  return { folder, beside };
}

/** Each scan by its path below the folder, and each notice by the name and reason that it tells. */
async function taken(folder: string): Promise<{ read: string[]; named: string[] }> {
  const source = await openSource(folder, Readable.from([]));
  const read: string[] = [];
  const named: string[] = [];
  for await (const { scans, notices } of source.batches(null)) {
    assert.ok(!('text' in scans));
    read.push(...scans.map(({ scanId }) => scanId.slice(folder.length + 1)));
    named.push(...notices.map((sentence) => sentence.slice(folder.length + 1)));
  }
  return { read, named };
}

describe('a folder of images', () => {
  it('reads what is an image by its name in any letters, or by its contents without one', async (test) => {
    const { folder } = await emptyFolder(test);
    const names = ['a.JPE', 'b.jfif', 'c.TIFF', 'd.webp', 'e.gif', 'f.bmp', 'g.pdf', 'h.jpeg'];
    for (const name of names) await writeFile(join(folder, name), '');
    await writeFile(join(folder, 'no-ending'), PNG);
    await writeFile(join(folder, 'scan.20261120'), BMP);
    assert.deepEqual(await taken(folder), { read: [...names, 'no-ending', 'scan.20261120'], named: [] });
  });

  it('names all that it does not read', async (test) => {
    const { folder, beside } = await emptyFolder(test);
    await writeFile(join(folder, 'a.png'), PNG);
    await writeFile(join(folder, 'notes.txt'), 'BM is not a bitmap');
    await writeFile(join(folder, 'Thumbs.db'), '');
    await mkdir(join(folder, 'below'));
    await writeFile(join(folder, 'below/truth.ndjson'), '{}\n');
    await mkdir(join(beside, 'elsewhere'));
    await symlink(join(beside, 'elsewhere'), join(folder, 'archive'));
    await symlink(join(beside, 'missing'), join(folder, 'nothing'));
    await symlink('around', join(folder, 'around'));
    const socket = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => socket.once('listening', resolve));
    test.after(() => socket.close());
    const { read, named } = await taken(folder);
    assert.deepEqual(read, ['a.png']);
    assert.deepEqual(named, [
      'Thumbs.db: not read: not an image by its name or its contents',
      'archive: not read: a link that leads out of the folder or to nothing',
      'around: not read: a link that leads out of the folder or to nothing',
      'below/truth.ndjson: not read: not an image by its name or its contents',
      'notes.txt: not read: not an image by its name or its contents',
      'nothing: not read: a link that leads out of the folder or to nothing',
      'socket: not read: no regular file',
    ]);
  });

  it('takes a picture once, however many links in the folder lead to it', async (test) => {
    const { folder } = await emptyFolder(test);
    await mkdir(join(folder, 'store'));
    await writeFile(join(folder, 'store/one.png'), PNG);
    await symlink('store/one.png', join(folder, 'first.png'));
    await symlink('first.png', join(folder, 'second.png'));
    await symlink('store', join(folder, 'same'));
    await symlink('.', join(folder, 'itself'));
    assert.deepEqual(await taken(folder), { read: ['store/one.png'], named: [] });
  });

  it('makes a scan of an image that a link would take from elsewhere, to be refused with a reason', async (test) => {
    const { folder, beside } = await emptyFolder(test);
    await writeFile(join(beside, 'outside.png'), PNG);
    await writeFile(join(beside, 'images.png'), PNG);
    await symlink(join(beside, 'outside.png'), join(folder, 'a.png'));
    await symlink('../images.png', join(folder, 'b.png'));
    await symlink('gone.png', join(folder, 'c.png'));
    assert.deepEqual(await taken(folder), { read: ['a.png', 'b.png', 'c.png'], named: [] });
  });

  it('may be reached through a link', async (test) => {
    const { folder, beside } = await emptyFolder(test);
    await writeFile(join(folder, 'a.png'), PNG);
    await symlink(folder, join(beside, 'link'));
    const source = await openSource(join(beside, 'link'), Readable.from([]));
    assert.equal(source.name, `folder:${folder}`);
  });

  it('is not a source where it has no image, and says what it holds instead', async (test) => {
    const { folder } = await emptyFolder(test);
    await assert.rejects(openSource(folder, Readable.from([])), /no images in this folder: it is empty/);
    await writeFile(join(folder, 'notes.txt'), 'x');
    await assert.rejects(openSource(folder, Readable.from([])), (error) => {
      assert.ok(error instanceof SourceError);
      assert.match(error.message, /no images in this folder: .*notes\.txt: not read/);
      return true;
    });
  });

  it('names so many files and counts the rest', async (test) => {
    const { folder } = await emptyFolder(test);
    await writeFile(join(folder, 'a.png'), PNG);
    for (let at = 0; at < FOLDER_NOTICES_MAX + 2; at++) await writeFile(join(folder, `${at}.txt`), '');
    const { named } = await taken(folder);
    assert.equal(named.length, FOLDER_NOTICES_MAX + 1);
    assert.match(named.at(-1) ?? '', /not images: 2 more files$/);
    await rm(folder, { recursive: true });
    assert.equal(basename(folder), 'images');
  });
});
