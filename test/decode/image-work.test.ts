import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { createMarkReader, createZxingWasmReader, readImage, type SymbolReader } from '../../decode/index.ts';
import { ANY_REVERSALS_MAX, DATA_MATRIX_REVERSALS_MAX, IMAGE_MS_MAX } from '../../decode/limits.ts';
import { openPages } from '../../decode/pixels.ts';
import { reversalsOf } from '../../decode/reversals.ts';
import type { GreyImage, Search } from '../../decode/symbol-reader.ts';
import { Random } from '../../psd-sim/random.ts';

let general: SymbolReader;
before(async () => {
  general = await createZxingWasmReader();
});

const SIDE = 2_000;

function grey(levelAt: (x: number, y: number) => number): GreyImage {
  const pixels = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) pixels[y * SIDE + x] = levelAt(x, y);
  return { width: SIDE, height: SIDE, pixels };
}

/** Finder patterns of a symbology, side by side, a pixel a module. */
function finders(period: number, isDark: (ring: number) => boolean): GreyImage {
  const middle = (period - 1) / 2 - ((period - 1) % 2) / 2;
  return grey((x, y) => {
    const ring = Math.max(Math.abs((x % period) - middle), Math.abs((y % period) - middle));
    return isDark(ring) ? 0 : 255;
  });
}

const random = new Random('busy pictures');
/** Without bounds, zxing-cpp took 7.2 s for the first of them alone. */
const BUSY: readonly (readonly [name: string, make: () => GreyImage])[] = [
  ['finder patterns of QR', () => finders(8, (ring) => ring !== 2 && ring <= 3)],
  ['finder patterns of Aztec', () => finders(13, (ring) => ring % 2 === 0)],
  ['a chessboard', () => grey((x, y) => ((x + y) & 1) * 255)],
  ['upright stripes', () => grey((x) => (x & 1) * 255)],
  ['stripes across', () => grey((_x, y) => (y & 1) * 255)],
  ['pale stripes', () => grey((x) => 200 - (x & 1) * 30)],
  ['noise', () => grey(() => random.int(0, 255))],
];

describe('a picture that keeps a reader busy', () => {
  for (const [name, make] of BUSY) {
    it(`is given to the general reader only where it is calm enough: ${name}`, async () => {
      const given: (readonly [Search, GreyImage])[] = [];
      const counting: SymbolReader = {
        name: 'counting',
        read(image, search) {
          given.push([search, image]);
          return [];
        },
      };
      const { width, height, pixels } = make();
      const frame = { width, height };
      const outcome = await readImage(
        pixels,
        createMarkReader(counting, () => 0),
        frame,
      );
      assert.ok('failure' in outcome);
      assert.equal(outcome.failure, 'no-symbol');
      assert.ok(
        given.some(([{ symbologies }]) => symbologies === 'any'),
        'the last rung is reached',
      );
      for (const [{ symbologies }, image] of given) {
        const reversalsMax = symbologies === 'any' ? ANY_REVERSALS_MAX : DATA_MATRIX_REVERSALS_MAX;
        const isSmall = image.width * image.height <= 4 * 640 * 640;
        assert.ok(isSmall || reversalsOf(image) <= reversalsMax, `${image.width} × ${image.height} for ${symbologies}`);
      }
    });
  }

  it('is given up between two ways of reading once it has taken all the time that an image may', async () => {
    let spentMs = 0;
    const slow: SymbolReader = {
      name: 'slow',
      read() {
        spentMs += IMAGE_MS_MAX / 2;
        return [];
      },
    };
    const { width, height, pixels } = grey((x, y) => ((x >> 3) & (y >> 3) & 1) * 200);
    const outcome = await readImage(
      pixels,
      createMarkReader(slow, () => spentMs),
      { width, height },
    );
    assert.ok('failure' in outcome);
    assert.equal(outcome.failure, 'reader-timeout');
    assert.ok(outcome.attempts.length < 11, `${outcome.attempts.length} ways`);
  });

  it('has few changes between dark and light where it is a face, and many where it is a texture', async () => {
    const opened = await openPages(await readFile(new URL('../images/face-5.jpg', import.meta.url)));
    const picture = typeof opened === 'string' ? undefined : opened.pages[0];
    assert.ok(picture !== undefined && typeof picture !== 'string');
    const face = await picture.grey({ left: 0, top: 0, width: picture.width, height: picture.height });
    assert.ok(typeof face !== 'string' && reversalsOf(face) < DATA_MATRIX_REVERSALS_MAX);
    assert.equal(reversalsOf(grey(() => 128)), 0);
    for (const levelAt of [(x: number, y: number) => x + y, (x: number) => x, (_x: number, y: number) => y]) {
      assert.ok(reversalsOf(grey((x, y) => (levelAt(x, y) & 1) * 255)) > 0.99 * SIDE * SIDE);
    }
  });

  it('is read within about a second of processor time, whatever is on it', async () => {
    const reader = createMarkReader(general);
    const { width, height, pixels } = finders(8, (ring) => ring !== 2 && ring <= 3);
    const before = process.cpuUsage();
    await readImage(pixels, reader, { width, height });
    const { user, system } = process.cpuUsage(before);
    // An order of magnitude: without bounds it is 10 s and more.
    assert.ok((user + system) / 1_000 < 5_000, `${(user + system) / 1_000} ms`);
  });
});
