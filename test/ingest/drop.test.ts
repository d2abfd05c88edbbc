import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import fsp, { mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scan } from '../../indicium/index.ts';
import { DropFolder } from '../../ingest/drop/drop-folder.ts';
import { DROP_BATCH_BYTES_MAX } from '../../ingest/drop/limits.ts';
import { dropFolder } from '../../ingest/index.ts';
import { BATCH_IMAGES_MAX } from '../../scans/limits.ts';
import { AT_ONCE, DROPPED_AT_MS, DROPPED_DAY, filesBelow, offeredIn, RecordedDrops } from '../support/dropped.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Each step of the program on disk. */
const STEPS = ['mkdir', 'rename', 'rm', 'rmdir', 'writeFile'] as const;

/** Whether a life ended before its step number `last + 1` on disk: from then on it can do nothing, as if it were killed. */
async function diesAfter(test: TestContext, last: number, live: () => Promise<void>): Promise<boolean> {
  let steps = 0;
  const mocks = STEPS.map((name) => {
    const real = fsp[name];
    return test.mock.method(fsp, name, async (...args: unknown[]) => {
      if (steps >= last) throw new Error('killed');
      steps += 1;
      return Reflect.apply(real, fsp, args);
    });
  });
  syncBuiltinESMExports();
  try {
    await live();
    return false;
  } catch (error) {
    assert.ok(error instanceof Error && error.message.includes('killed'), String(error));
    // What it was about also comes to nothing.
    await sleep(5);
    return true;
  } finally {
    for (const { mock } of mocks) mock.restore();
    syncBuiltinESMExports();
  }
}

const put = (folder: string, name: string | Buffer, content: string | Buffer = `picture ${name}`) =>
  writeFile(typeof name === 'string' ? join(folder, name) : Buffer.concat([Buffer.from(`${folder}/`), name]), content);

/** All paths below a folder but for the day. */
const kept = (folder: string) => filesBelow(folder).map((path) => path.replace(`${DROPPED_DAY}/`, ''));

describe('a program that watches a folder and is killed before any one step on disk', () => {
  it('gives each scan once, and has every file where it belongs, when it is started again', async (test) => {
    let kills = 0;
    for (let last = 0; ; last++) {
      const folder = await temporaryFolder(test);
      await put(folder, 'M_1_named.png');
      await put(folder, 'paired.png');
      await put(folder, 'paired.json', '{"scanId": "M/1/paired"}');
      await put(folder, 'nameless.png');
      await put(folder, 'alone.json', '{"scanId": "M/1/alone"}');
      await put(folder, 'M_1_twice.png', 'one');
      await put(folder, 'M_1_twice.jpg', 'other');
      await symlink('/etc/hostname', join(folder, 'link.png'));
      const recorded = new RecordedDrops();
      const wasKilled = await diesAfter(test, last, () => recorded.watch(folder));
      // The repairer may also be killed.
      if (wasKilled) await diesAfter(test, last % 9, () => recorded.watch(folder));
      await recorded.watch(folder);
      kills += wasKilled ? 1 : 0;

      const where = `killed after ${last} steps`;
      const ids = [...recorded.scans].map(([scanId, digests]) => `${scanId.replace(/#.*/, '')} ${digests.length}`);
      assert.deepEqual(
        ids.toSorted(),
        ['M/1/alone 1', 'M/1/named 1', 'M/1/paired 1', 'M/1/twice 2', 'nameless.png 1'],
        where,
      );
      const done = kept(join(folder, 'done'));
      const failed = kept(join(folder, 'failed'));
      const all = [...done, ...failed].filter((name) => !name.endsWith('.reason.json'));
      const pictures = all.map((name) => name.replace('~2', '')).toSorted();
      assert.deepEqual(
        pictures,
        [
          'M_1_named.png',
          'M_1_twice.jpg',
          'M_1_twice.png',
          'alone.json',
          'link.png',
          'nameless.png',
          'paired.json',
          'paired.png',
        ],
        where,
      );
      assert.deepEqual(
        failed.filter((name) => /paired|named/.test(name)),
        [],
        where,
      );
      const reasons = failed.filter((name) => name.endsWith('.reason.json'));
      assert.deepEqual(reasons.length, 4, `${where}: ${failed}`);
      assert.deepEqual(filesBelow(join(folder, 'taken')), [], where);
      assert.deepEqual(offeredIn(folder), [], where);
      if (!wasKilled) break;
    }
    assert.ok(kills >= 30, `${kills} kills`);
  });
});

describe('a file of a name that was used before', () => {
  it('is another piece, and overwrites nothing', async (test) => {
    const folder = await temporaryFolder(test);
    const recorded = new RecordedDrops();
    for (const content of ['first', 'first', 'second', 'first', 'third']) {
      await put(folder, 'M_1_7.png', content);
      await recorded.watch(folder);
    }
    assert.equal(recorded.scans.get('M/1/7')?.length, 3);
    const all = [...kept(join(folder, 'done')), ...kept(join(folder, 'failed'))];
    assert.deepEqual(
      all.filter((name) => name.endsWith('.png')),
      ['M_1_7.png', 'M_1_7~2.png', 'M_1_7~4.png', 'M_1_7~3.png', 'M_1_7~5.png'],
    );
    const contents = all
      .filter((name) => name.endsWith('.png'))
      .map(async (name, index) => readFile(join(folder, index < 3 ? 'done' : 'failed', DROPPED_DAY, name), 'utf8'));
    assert.deepEqual(await Promise.all(contents), ['first', 'first', 'first', 'second', 'third']);
  });

  it('keeps its name where another of one stem is taken beside it, however long its folder takes to be made', async (test) => {
    const folder = await temporaryFolder(test);
    const recorded = new RecordedDrops();
    const real = fsp.mkdir;
    let isFirst = true;
    const { mock } = test.mock.method(fsp, 'mkdir', async (...args: Parameters<typeof real>) => {
      const isDelayed = isFirst && String(args[0]).endsWith('M_1_7');
      if (isDelayed) isFirst = false;
      if (isDelayed) await sleep(30);
      return real(...args);
    });
    for (const [index, extension] of ['tiff', 'png', 'jpg'].entries()) {
      const name = `M_1_7.${extension}`;
      await put(folder, name, extension);
      await utimes(join(folder, name), 1_000 + index, 1_000 + index);
    }
    syncBuiltinESMExports();
    await recorded.watch(folder);
    mock.restore();
    syncBuiltinESMExports();
    const all = [...kept(join(folder, 'done')), ...kept(join(folder, 'failed'))];
    assert.deepEqual(all.filter((name) => !name.endsWith('.json')).toSorted(), [
      'M_1_7.tiff',
      'M_1_7~2.png',
      'M_1_7~3.jpg',
    ]);
  });

  it('is not taken for the one that is being read', async (test) => {
    const folder = await temporaryFolder(test);
    const recorded = new RecordedDrops();
    await put(folder, 'M_1_7.png', 'first');
    const paths: string[] = [];
    let isFirst = true;
    await recorded.watch(folder, AT_ONCE, (scans) => {
      for (const { mark } of scans) if (mark.kind === 'image') paths.push(mark.path);
      if (isFirst) void put(folder, 'M_1_7.png', 'second');
      isFirst = false;
    });
    assert.equal(recorded.scans.get('M/1/7')?.length, 2, 'both were read');
    const [first = '', second = ''] = paths;
    assert.equal(await readFile(first, 'utf8'), 'first', 'evidence names the place where an image stays');
    assert.notEqual(first, second);
  });

  it('loses nothing to somebody else who writes into done', async (test) => {
    const folder = await temporaryFolder(test);
    await put(folder, 'M_1_7.png', 'a piece');
    await new RecordedDrops().watch(folder, AT_ONCE, () => {
      mkdirSync(join(folder, 'done', DROPPED_DAY));
      writeFileSync(join(folder, 'done', DROPPED_DAY, 'M_1_7.png'), 'of somebody else');
    });
    const [first = '', second = ''] = filesBelow(join(folder, 'done'));
    const contents = [first, second].map((path) => readFileSync(join(folder, 'done', path), 'utf8'));
    assert.deepEqual(contents.toSorted(), ['a piece', 'of somebody else']);
  });

  it('has its sidecar even when an older one was left behind', async (test) => {
    const folder = await temporaryFolder(test);
    const drop = await DropFolder.open(folder);
    await put(folder, 'a.json', '{"scanId": "old"}');
    await drop.take(null, 'a.json', DROPPED_DAY);
    await put(folder, 'a.json', '{"scanId": "new"}');
    await put(folder, 'a.png');
    const recorded = new RecordedDrops();
    await recorded.watch(folder);
    assert.deepEqual([...recorded.scans.keys()], ['new']);
    assert.match(await readFile(join(folder, 'failed', DROPPED_DAY, 'a.json'), 'utf8'), /old/);
  });

  it('keeps image and sidecar together', async (test) => {
    const folder = await temporaryFolder(test);
    const recorded = new RecordedDrops();
    await put(folder, 'M_1_7.png', 'by name');
    await recorded.watch(folder);
    await put(folder, 'M_1_7.png', 'with sidecar');
    await put(folder, 'M_1_7.json', '{"scanId": "another"}');
    await recorded.watch(folder);
    assert.deepEqual(kept(join(folder, 'done')), ['M_1_7.png', 'M_1_7~2.json', 'M_1_7~2.png']);
  });
});

describe('what a scan is', () => {
  it('does not depend on where and when it was dropped, only on contents', async (test) => {
    const digests = [];
    for (const [picture, sidecar] of [
      ['a', '{"scanId":"x","plant":"1"}'],
      ['a', '{"plant":"1","scanId":"x","belt":4}'],
      ['b', '{"scanId":"x","plant":"1"}'],
      ['a', '{"scanId":"x","plant":"2"}'],
    ] as const) {
      const folder = await temporaryFolder(test);
      const recorded = new RecordedDrops();
      await put(folder, `file ${digests.length}.png`, picture);
      await put(folder, `file ${digests.length}.json`, sidecar);
      await recorded.watch(folder);
      digests.push(recorded.scans.get('x')?.[0]);
    }
    assert.equal(digests[0], digests[1]);
    assert.equal(new Set(digests).size, 3);
  });

  it('is what the sidecar says, and beyond that the name', async (test) => {
    const folder = await temporaryFolder(test);
    await put(folder, 'DBCS-1_A_7.tif', 'picture');
    await put(folder, 'DBCS-1_A_7.json', '{"weightGrams": 18, "belt": 4, "frame": {"width": 2, "height": 3}}');
    let seen: Scan | undefined;
    await new RecordedDrops().watch(folder, AT_ONCE, (scans) => {
      [seen] = scans;
    });
    assert.equal(seen?.scanId, 'DBCS-1/A/7');
    assert.deepEqual([seen.machine, seen.weightGrams, seen.extra], ['DBCS-1', 18, '{"belt":4}']);
    assert.ok(seen.mark.kind === 'image');
    assert.deepEqual(seen.mark.frame, { width: 2, height: 3 });
  });

  it('has no id of a number that is not written in digits, and keeps that', async (test) => {
    const folder = await temporaryFolder(test);
    await put(folder, 'DBCS-1_A_7.tif', 'picture');
    await put(folder, 'DBCS-1_A_7.json', '{"mailpieceId": 1e3, "destination": 6443}');
    let seen: Scan | undefined;
    await new RecordedDrops().watch(folder, AT_ONCE, (scans) => {
      [seen] = scans;
    });
    assert.deepEqual([seen?.mailpieceId, seen?.destination, seen?.extra], [null, '6443', '{"mailpieceId":1000}']);
  });
});

describe('hostile names', () => {
  it('harm nothing: the file is kept under another name, and a sidecar still says what it is', async (test) => {
    const folder = await temporaryFolder(test);
    const recorded = new RecordedDrops();
    const stems = ['a\nb_1_2', 'M_1_\u001b[2J', Buffer.from([0x4d, 0x5f, 0x31, 0x5f, 0xff]), `M_1_${'x'.repeat(230)}`];
    const named = (stem: string | Buffer, extension: string) =>
      Buffer.concat([Buffer.from(stem), Buffer.from(extension)]);
    for (const [index, stem] of stems.entries()) {
      await put(folder, named(stem, '.png'), `picture ${index}`);
      await put(folder, named(stem, '.json'), `{"scanId": "hostile ${index}"}`);
    }
    await put(folder, 'c\nd_1_2.png', 'without sidecar');
    await put(folder, '..png', 'hidden');
    await put(folder, '...png', 'hidden');
    await recorded.watch(folder);
    assert.deepEqual(
      [...recorded.scans.keys()]
        .map((scanId) => scanId.replace(/^![0-9a-f]{16}\.png#[0-9a-f]{16}$/, 'unnamed'))
        .toSorted(),
      ['hostile 0', 'hostile 1', 'hostile 2', 'hostile 3', 'unnamed'],
    );
    const done = kept(join(folder, 'done'));
    assert.equal(done.length, 8);
    assert.ok(
      done.every((name) => /^![0-9a-f]{16}\.(png|json)$/.test(name)),
      String(done),
    );
    assert.equal(kept(join(folder, 'failed')).length, 2, 'a picture and its reason');
    assert.deepEqual(
      filesBelow(folder).filter((path) => !/^(done|failed)\//.test(path)),
      ['...png', '..png'],
    );
  });
});

describe('what goes away', () => {
  it('before it is taken is not a scan, and its sidecar stays', async (test) => {
    const folder = await temporaryFolder(test);
    const drop = await DropFolder.open(folder);
    await put(folder, 'M_1_7.json', '{}');
    assert.equal(await drop.take('M_1_7.png', 'M_1_7.json', DROPPED_DAY), null);
    assert.equal(await drop.take('M_1_8.png', null, DROPPED_DAY), null);
    assert.deepEqual(filesBelow(folder), ['M_1_7.json']);
  });

  it('after that has a verdict all the same', async (test) => {
    const folder = await temporaryFolder(test);
    const recorded = new RecordedDrops();
    await put(folder, 'M_1_7.png');
    await recorded.watch(folder, AT_ONCE, () => void rm(join(folder, 'taken/open', DROPPED_DAY, 'M_1_7/M_1_7.png')));
    assert.deepEqual([...recorded.scans.keys()], ['M/1/7']);
    assert.deepEqual(filesBelow(join(folder, 'taken')), []);
  });

  it('with the whole folder ends the run, and names it', async (test) => {
    const folder = join(await temporaryFolder(test), 'drop');
    await mkdir(folder);
    const ports = { nowMs: () => DROPPED_AT_MS, stopped: new AbortController().signal, onRefused: () => {} };
    const source = await dropFolder(folder, AT_ONCE, ports);
    const batches = source.batches(null)[Symbol.asyncIterator]();
    await put(folder, 'M_1_7.png');
    await batches.next();
    await rename(folder, `${folder}-gone`);
    await assert.rejects(batches.next(), /drop: can be read no longer/);
  });
});

describe('a batch', () => {
  const sizesOf = async (folder: string) => {
    const sizes: number[] = [];
    await new RecordedDrops().watch(folder, AT_ONCE, (scans) => void sizes.push(scans.length));
    return sizes;
  };

  it('has no more images than its bound', async (test) => {
    const folder = await temporaryFolder(test);
    for (let index = 0; index < BATCH_IMAGES_MAX + 3; index++) await put(folder, `M_1_${index}.png`);
    assert.deepEqual(await sizesOf(folder), [BATCH_IMAGES_MAX, 3]);
  });

  it('is full with the image that reaches its bytes', async (test) => {
    const folder = await temporaryFolder(test);
    await put(folder, 'M_1_1.png', '');
    // Sparse: it has the length and takes no room.
    await fsp.truncate(join(folder, 'M_1_1.png'), DROP_BATCH_BYTES_MAX);
    await fsp.utimes(join(folder, 'M_1_1.png'), 1, 1);
    await put(folder, 'M_1_2.png');
    assert.deepEqual(await sizesOf(folder), [1, 1]);
  });
});
