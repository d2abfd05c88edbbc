import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { createReaderPool } from '../../app/reader-pool.ts';
import { EXPECTED_SHARE, IMAGE_CLIENTS_MAX, UNKNOWN_IMAGE_MS } from '../../decode/limits.ts';
import { ImageCosts } from '../../decode/process/image-costs.ts';
import { ImageReaders } from '../../decode/process/index.ts';
import { scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';

const SLOW = new URL('../support/slow-image-reader.ts', import.meta.url);
const LIMITS = { imageMsMax: 30_000, residentBytesMax: 2 ** 31 };

async function slowReaders(test: TestContext, processes: number): Promise<ImageReaders> {
  const readers = new ImageReaders(processes, SLOW, LIMITS);
  test.after(() => readers.close());
  readers.start();
  await Promise.all(Array.from({ length: processes }, () => readers.read(pictureOf('ready'), 'b')));
  return readers;
}

function pictureOf(text: string, bytes = 100) {
  return { path: text, bytes: Buffer.alloc(bytes, 32).fill(text, 0, text.length) };
}

/** Who was answered, in that order. */
async function orderOf(
  readers: ImageReaders,
  orders: readonly (readonly [client: string, text: string, bytes?: number])[],
) {
  const answered: string[] = [];
  await Promise.all(
    orders.map(async ([client, text, bytes]) => {
      await readers.read(pictureOf(text, bytes), client);
      answered.push(client);
    }),
  );
  return answered;
}

describe('processes that several clients share', () => {
  it('are not all taken by dear pictures while another client is active', async (test) => {
    const readers = await slowReaders(test, 2);
    const dear = ['a', 'slow', 1_000_000] as const;
    assert.equal((await orderOf(readers, [dear, dear, dear, ['b', 'cheap']]))[0], 'b');
  });

  it('take turns between clients, whatever one has sent before', async (test) => {
    const readers = await slowReaders(test, 1);
    const flood = Array.from({ length: 8 }, () => ['a', 'wait'] as const);
    const answered = await orderOf(readers, [...flood, ['b', 'cheap'], ['b', 'cheap']]);
    // In the order of arrival it would be 9. A machine that stands still for a while makes a cheap picture look dear, once.
    assert.ok(answered.lastIndexOf('b') <= 7, answered.join(''));
  });
});

describe('the lines of a batch with images', () => {
  it('wait for their turn when the images are read, so that nobody waits for those', async (test) => {
    const readers = new ImageReaders(1, SLOW, LIMITS);
    const world = new SmallWorld(1, 1);
    const pool = createReaderPool(() => world.registry, 1, { images: readers });
    test.after(() => pool.close());
    const bytes = Buffer.from('wait for it');
    const read: number[] = [];
    const turn = async () =>
      void read.push(Object.values(pool.imageCounts.failures).reduce((sum, one) => sum + one, 0));
    await pool.read([scanOf({ mark: { kind: 'image', path: 'sent', bytes } })], { client: 'a', turn });
    await pool.read([scanOf({ mark: { kind: 'payload', payload: world.frank() } })], { client: 'a', turn });
    assert.deepEqual(read, [1, 1]);
  });
});

describe('what an image is expected to cost', () => {
  it('is near the most that one of its size took, however many cheap ones come between', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 1_000 }), fc.integer({ min: 0, max: 5 }), (dearMs, cheap) => {
        const costs = new ImageCosts();
        costs.note('a', 1_000, dearMs, dearMs);
        for (let count = 0; count < cheap; count++) costs.note('a', 1_000, 1, 1);
        const expected = dearMs * EXPECTED_SHARE ** cheap;
        assert.ok(Math.abs(costs.expectedMs('a', 1_000) - expected) < 1e-6);
        assert.ok(costs.meanMs('a') <= dearMs);
      }),
    );
  });

  it('follows its size as long as nothing is known, and is forgotten with the clients that came longest ago', () => {
    const costs = new ImageCosts();
    assert.equal(costs.expectedMs('a', 20_000), UNKNOWN_IMAGE_MS);
    assert.ok(costs.expectedMs('a', 1_100_000) > 10 * UNKNOWN_IMAGE_MS);
    costs.note('a', 1_000, 500, 500);
    for (let count = 0; count < IMAGE_CLIENTS_MAX; count++) costs.note(`${count}`, 1_000, 1, 1);
    assert.equal(costs.expectedMs('a', 1_000), UNKNOWN_IMAGE_MS);
  });
});
