import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runPipeline } from '../../app/pipeline.ts';
import { createReaderPool } from '../../app/reader-pool.ts';
import { type ImageAnswer, ImageReaders } from '../../decode/process/index.ts';
import type { Scan } from '../../indicium/index.ts';
import { degradedCrop, squareSymbol } from '../support/degraded.ts';
import { scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { namedBytes, scannedPicture } from '../support/pictures.ts';
import { recorderAt } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

const POISONED = new URL('../support/poisoned-reader.ts', import.meta.url);
/** Each test meets one of the limits, however slow the machine. */
const LIMITS = { imageMsMax: 60_000, residentBytesMax: 4_000_000_000 };
const SHORT = { ...LIMITS, imageMsMax: 2_000 };
const SMALL = { ...LIMITS, residentBytesMax: 600_000_000 };

function poisonedReaders(test: TestContext, processes: number, limits = LIMITS): ImageReaders {
  const readers = new ImageReaders(processes, POISONED, limits);
  test.after(() => readers.close());
  return readers;
}

/** Pictures of genuine marks, and one more of each of the names given. */
async function pictures(test: TestContext, poisons: readonly string[]) {
  const folder = await temporaryFolder(test);
  const world = new SmallWorld(1, 1);
  const paths: string[] = [];
  for (let index = 0; index < 6; index++) {
    const path = join(folder, `${index}.png`);
    await writeFile(path, scannedPicture(world.frank(), 'crop', `${index}`).bytes);
    paths.push(path);
  }
  for (const [index, name] of poisons.entries()) {
    const path = join(folder, name);
    await writeFile(path, scannedPicture(world.frank(), 'crop', name).bytes);
    paths.splice(1 + 2 * index, 0, path);
  }
  return { folder, world, paths };
}

function outcomeOf(answer: ImageAnswer): string {
  return 'failure' in answer ? answer.failure : answer.symbology;
}

describe('processes that read images', () => {
  it('go on reading when a signal asks all processes of the program to stop, and end with their parent', async (test) => {
    const { paths } = await pictures(test, []);
    const child = fork(new URL('../../decode/process/entry.ts', import.meta.url), [], { serialization: 'advanced' });
    test.after(() => child.kill('SIGKILL'));
    const message = async () => (await once(child, 'message'))[0];
    assert.equal(await message(), 'ready');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    child.send({ path: paths[0] });
    assert.equal(outcomeOf(await message()), 'DataMatrix');
    child.disconnect();
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  const poisons = [
    ['hang.png', 'reader-timeout', SHORT],
    ['kill.png', 'reader-failed', LIMITS],
    ['segfault.png', 'reader-failed', LIMITS],
    ['throw.png', 'reader-failed', LIMITS],
    ['nonsense.png', 'reader-failed', LIMITS],
    ['heap.png', 'reader-failed', LIMITS],
    ['native.png', 'reader-failed', SMALL],
  ] as const;
  for (const [name, failure, limits] of poisons) {
    it(`lose one image to ${name}: ${failure}`, async (test) => {
      const readers = poisonedReaders(test, 1, limits);
      const { paths } = await pictures(test, [name]);
      const answers = await Promise.all(paths.map((path) => readers.read({ path })));
      assert.deepEqual(answers.map(outcomeOf), [
        'DataMatrix',
        failure,
        'DataMatrix',
        'DataMatrix',
        'DataMatrix',
        'DataMatrix',
        'DataMatrix',
      ]);
      assert.deepEqual(readers.counts, { rungs: { located: 6 }, failures: { [failure]: 1 }, restarts: 2 });
    });
  }

  it('read raw frames', async (test) => {
    const folder = await temporaryFolder(test);
    const path = join(folder, 'frame.grey');
    const { width, height, pixels } = degradedCrop(squareSymbol(namedBytes('frame', 130), 44), {}, 'frame');
    await writeFile(path, pixels);
    const answer = await poisonedReaders(test, 1).read({ path, frame: { width, height } });
    assert.ok('bytes' in answer);
    assert.deepEqual(Buffer.from(answer.bytes), namedBytes('frame', 130));
  });

  it('lose none to a process that dies by accident', async (test) => {
    const { folder, paths } = await pictures(test, []);
    const entry = join(folder, 'fragile.ts');
    // Dies at the third image of its life, whichever it is: at the second attempt another process has just begun.
    const source = ['process/read-order.ts', 'process/serve.ts', 'index.ts'].map((path) =>
      JSON.stringify(new URL(`../../decode/${path}`, import.meta.url).href),
    );
    await writeFile(
      entry,
      `import { readOrder } from ${source[0]};
import { serveImages } from ${source[1]};
import { createMarkReader, createZxingWasmReader } from ${source[2]};
const reader = createMarkReader(await createZxingWasmReader());
let images = 0;
serveImages((order) => (++images === 3 ? process.exit(1) : readOrder(order, reader)));
`,
    );
    const readers = new ImageReaders(1, new URL(`file://${entry}`), LIMITS);
    test.after(() => readers.close());
    const answers = await Promise.all(paths.map((path) => readers.read({ path })));
    assert.deepEqual(new Set(answers.map(outcomeOf)), new Set(['DataMatrix']));
  });

  it('fail as a broken environment when they cannot start at all', async (test) => {
    const readers = new ImageReaders(2, new URL('file:///nowhere/entry.ts'), LIMITS);
    test.after(() => readers.close());
    await assert.rejects(readers.read({ path: 'a.png' }), /does not start.*Cannot find module/s);
  });
});

it('a stream with poison images of every kind loses those scans only, to manual', async (test) => {
  const names = ['hang.png', 'kill.png', 'heap.png'];
  const { folder, world, paths } = await pictures(test, names);
  const recorder = await recorderAt(join(folder, 'store.duckdb'));
  const readers = createReaderPool(() => world.registry, 2, { images: poisonedReaders(test, 2, SHORT) });
  test.after(() => readers.close());
  const imageScan = (path: string): Scan => scanOf({ mark: { kind: 'image', path } });
  const batches = [
    [...paths.map(imageScan), scanOf({ mark: { kind: 'payload', payload: world.frank() } })],
    [scanOf({ mark: { kind: 'payload', payload: world.frank() } })],
  ];
  const acknowledged: number[] = [];
  const summary = await runPipeline({
    source: {
      name: 'poisoned',
      async *batches() {
        for (const [index, scans] of batches.entries()) {
          const acknowledge = async () => void acknowledged.push(index);
          yield { scans, position: `${index}`, notices: [], acknowledge };
        }
      },
    },
    readers,
    recorder,
  });
  recorder.close();
  assert.deepEqual(summary.dispositions, { accept: 8, divert: 0, manual: 3 });
  assert.equal(summary.unusable, 3);
  assert.deepEqual(acknowledged, [0, 1]);
});
