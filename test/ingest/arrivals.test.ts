import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import sharp from 'sharp';
import { Arrivals } from '../../ingest/drop/arrivals.ts';
import { DROP_OTHERS_MAX, DROP_WATCHED_MAX } from '../../ingest/drop/limits.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SETTLE_MS = 2_000;
const PATIENCE_MS = 60_000;
const SIDECAR = '{"scanId": "DBCS-12/A/1", "weightGrams": 18}';

let picture = Buffer.alloc(0);
before(async () => {
  picture = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#ccc' } })
    .png()
    .toBuffer();
});

/** A folder, and what is ready in it at a time of the test's own clock. Names that begin with `self` need no sidecar. */
class Watched {
  readonly folder: string;
  readonly others: string[] = [];
  readonly #arrivals: Arrivals;

  constructor(folder: string) {
    this.folder = folder;
    const patience = { settleMs: SETTLE_MS, patienceMs: PATIENCE_MS };
    this.#arrivals = new Arrivals(
      folder,
      patience,
      (stem) => stem.startsWith('self'),
      (name) => this.others.push(name),
    );
  }

  static async open(test: TestContext): Promise<Watched> {
    return new Watched(await temporaryFolder(test));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** As `image+sidecar`, `image+` or `+sidecar`. */
  async readyAt(seconds: number): Promise<string[]> {
    const arrived = await this.#arrivals.look(seconds * 1_000);
    return arrived.map(({ image, sidecar }) => `${image ?? ''}+${sidecar ?? ''}`);
  }
}

describe('a file that is being dropped', () => {
  it('is taken when it has not changed for a while', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('self.png'), picture);
    assert.deepEqual(await watched.readyAt(0), []);
    assert.deepEqual(await watched.readyAt(1.999), []);
    assert.deepEqual(await watched.readyAt(2), ['self.png+']);
  });

  it('is not taken in two halves, however long the pause between them', async (test) => {
    const watched = await Watched.open(test);
    const half = Math.floor(picture.length / 2);
    await writeFile(watched.path('self.png'), picture.subarray(0, half));
    for (const seconds of [0, 2, 10, 59]) assert.deepEqual(await watched.readyAt(seconds), [], `${seconds} s`);
    await appendFile(watched.path('self.png'), picture.subarray(half));
    assert.deepEqual(await watched.readyAt(60), [], 'the wait begins again');
    assert.deepEqual(await watched.readyAt(62), ['self.png+']);
  });

  it('is taken as it is when the rest never comes', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('self.png'), picture.subarray(0, 40));
    await writeFile(watched.path('self.jpg'), '');
    await watched.readyAt(0);
    assert.deepEqual(await watched.readyAt(59.9), []);
    assert.equal((await watched.readyAt(60)).length, 2);
  });

  it('is another when one of its length was renamed over it', async (test) => {
    const watched = await Watched.open(test);
    const place = async (name: string) => {
      await writeFile(watched.path(name), picture);
      await utimes(watched.path(name), 1_000, 1_000);
    };
    await place('self.png');
    await watched.readyAt(0);
    await place('.part');
    await rename(watched.path('.part'), watched.path('self.png'));
    assert.deepEqual(await watched.readyAt(2), [], 'the wait begins again');
    assert.deepEqual(await watched.readyAt(4), ['self.png+']);
  });

  it('is forgotten when it vanishes', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('self.png'), picture);
    await watched.readyAt(0);
    await rm(watched.path('self.png'));
    assert.deepEqual(await watched.readyAt(2), []);
    await writeFile(watched.path('self.png'), picture);
    assert.deepEqual(await watched.readyAt(3), []);
    assert.deepEqual(await watched.readyAt(5), ['self.png+']);
  });
});

describe('what is neither an image nor a sidecar', () => {
  it('stays, and is told once when it has stayed for long', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('notes.txt'), 'x');
    await writeFile(watched.path('scan'), picture);
    await writeFile(watched.path('.self.png'), picture);
    await mkdir(watched.path('below'));
    await mkdir(watched.path('done'));
    await watched.readyAt(0);
    await writeFile(watched.path('self.part'), picture);
    await watched.readyAt(1);
    await rename(watched.path('self.part'), watched.path('self.JFIF'));
    await watched.readyAt(59);
    assert.deepEqual(watched.others, []);
    for (const seconds of [60, 120, 200]) await watched.readyAt(seconds);
    assert.deepEqual(watched.others.toSorted(), ['below', 'notes.txt', 'scan']);
  });

  it('is told of no more than so many names', async (test) => {
    const watched = await Watched.open(test);
    for (let at = 0; at < DROP_OTHERS_MAX + 3; at++) await writeFile(watched.path(`${at}.txt`), '');
    await watched.readyAt(0);
    await watched.readyAt(60);
    await watched.readyAt(120);
    assert.equal(watched.others.length, DROP_OTHERS_MAX);
  });
});

describe('a sidecar', () => {
  it('that comes before its image waits for it', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('a.json'), SIDECAR);
    assert.deepEqual(await watched.readyAt(0), []);
    assert.deepEqual(await watched.readyAt(30), []);
    await writeFile(watched.path('a.png'), picture);
    assert.deepEqual(await watched.readyAt(31), []);
    assert.deepEqual(await watched.readyAt(33), ['a.png+a.json']);
  });

  it('that comes after its image is waited for', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('a.png'), picture);
    await watched.readyAt(0);
    assert.deepEqual(await watched.readyAt(30), []);
    await writeFile(watched.path('a.json'), SIDECAR.slice(0, 20));
    assert.deepEqual(await watched.readyAt(31), []);
    assert.deepEqual(await watched.readyAt(35), [], 'half of it');
    await writeFile(watched.path('a.json'), SIDECAR);
    assert.deepEqual(await watched.readyAt(36), []);
    assert.deepEqual(await watched.readyAt(38), ['a.png+a.json']);
  });

  it('that never comes is waited for as long as patience lasts', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('a.png'), picture);
    await watched.readyAt(0);
    assert.deepEqual(await watched.readyAt(59.9), []);
    assert.deepEqual(await watched.readyAt(60), ['a.png+']);
  });

  it('whose image never comes is waited for as long', async (test) => {
    const watched = await Watched.open(test);
    await writeFile(watched.path('a.json'), SIDECAR);
    await watched.readyAt(0);
    assert.deepEqual(await watched.readyAt(59.9), []);
    assert.deepEqual(await watched.readyAt(60), ['+a.json']);
  });

  it('belongs to one image', async (test) => {
    const watched = await Watched.open(test);
    for (const name of ['a.jpg', 'a.png']) await writeFile(watched.path(name), picture);
    for (const name of ['a.jpg', 'a.png']) await utimes(watched.path(name), 1_000, 1_000);
    await writeFile(watched.path('a.json'), SIDECAR);
    await watched.readyAt(0);
    assert.deepEqual(await watched.readyAt(2), ['a.jpg+a.json', 'a.png+']);
  });
});

describe('what lies in the folder', () => {
  it('is taken the oldest first', async (test) => {
    const watched = await Watched.open(test);
    for (const [name, seconds] of [
      ['self-b.png', 3],
      ['self-c.png', 1],
      ['self-a.png', 2],
      ['self-d.png', 1],
    ] as const) {
      await writeFile(watched.path(name), picture);
      await utimes(watched.path(name), seconds, seconds);
    }
    await watched.readyAt(0);
    assert.deepEqual(await watched.readyAt(2), ['self-c.png+', 'self-d.png+', 'self-a.png+', 'self-b.png+']);
  });

  it('and is hidden, of another kind, or below it is left alone', async (test) => {
    const watched = await Watched.open(test);
    for (const name of ['.self.png', 'self.png.part', 'self.txt', 'self', '.json']) {
      await writeFile(watched.path(name), picture);
    }
    await mkdir(watched.path('below'));
    await writeFile(watched.path('below/self.png'), picture);
    await watched.readyAt(0);
    assert.deepEqual(await watched.readyAt(600), []);
  });

  it('and is not a file is handed over at once, to be refused', async (test) => {
    const watched = await Watched.open(test);
    await mkdir(watched.path('folder.png'));
    await symlink('/etc/hostname', watched.path('link.tif'));
    assert.deepEqual((await watched.readyAt(0)).toSorted(), ['folder.png+', 'link.tif+']);
  });

  it('is watched in turns where it is too much', async (test) => {
    const watched = await Watched.open(test);
    const names = Array.from({ length: DROP_WATCHED_MAX + 5 }, (_, index) => `self-${10_000 + index}.png`);
    const write = async (name: string) => {
      await writeFile(watched.path(name), picture);
      // Written side by side they would be taken in the order in which they were done.
      await utimes(watched.path(name), 1, 1);
    };
    await Promise.all(names.map(write));
    await watched.readyAt(0);
    const first = await watched.readyAt(2);
    assert.equal(first.length, DROP_WATCHED_MAX);
    await Promise.all(first.map((arrival) => rm(watched.path(arrival.slice(0, -1)))));
    assert.deepEqual(await watched.readyAt(3), []);
    assert.deepEqual(
      await watched.readyAt(5),
      names.slice(DROP_WATCHED_MAX).map((name) => `${name}+`),
    );
  });
});
