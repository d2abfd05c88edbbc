import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createMarkReader, createZxingWasmReader, type MarkReader, readImage } from '../../decode/index.ts';
import { LENSES, smoothed } from '../../decode/smoothed.ts';
import { degradedCrop, squareSymbol } from '../support/degraded.ts';
import { HARDEST_CLASSES, HARDEST_SYMBOLS } from '../support/image-classes.ts';
import { namedBytes } from '../support/pictures.ts';

const PICTURES = 6;

function picturesOf(name: string) {
  return Array.from({ length: PICTURES }, (_, index) => {
    const [size, payloadBytes] = HARDEST_SYMBOLS[index % HARDEST_SYMBOLS.length] ?? [48, 130];
    const payload = namedBytes(`${name} ${size} ${index}`, payloadBytes);
    const seed = `hardest ${name} ${index}`;
    return { payload, crop: degradedCrop(squareSymbol(payload, size), HARDEST_CLASSES[name] ?? {}, seed) };
  });
}

describe('the hardest classes of crops', () => {
  let reader: MarkReader;
  before(async () => {
    // However slow the machine is: what is read must not depend on it.
    reader = createMarkReader(await createZxingWasmReader(), () => 0);
  });

  it('are read to 97 %, whichever way a symbol lies and whatever its size, and none is read as another', async () => {
    const read = new Map<string, number>();
    for (const name of Object.keys(HARDEST_CLASSES)) {
      let right = 0;
      for (const { payload, crop } of picturesOf(name)) {
        const outcome = await readImage(crop.pixels, reader, crop);
        if (!('mark' in outcome)) continue;
        assert.deepEqual(Buffer.from(outcome.mark.bytes), payload, name);
        right += 1;
      }
      read.set(name, right);
    }
    const unread = [...read].filter(([, right]) => right < PICTURES).map(([name, right]) => `${name} ${right}`);
    const total = [...read.values()].reduce((sum, right) => sum + right, 0);
    assert.ok(total >= 0.97 * PICTURES * read.size, unread.join(', '));
    // Three scratches may cross all blocks of error correction.
    for (const [name, right] of read) assert.ok(right >= (name === 'three scratches' ? 3 : 5), `${name} ${right}`);
  });
});

describe('a picture through a soft lens', () => {
  it('keeps its size, and is as dark and as light as can be, whatever light there was', () => {
    for (const lens of LENSES) {
      for (const [name = ''] of [['thin dots, shadow'], ['contrast 40 to 60'], ['noise 25 to 40']]) {
        for (const { crop } of picturesOf(name)) {
          const { width, height, pixels } = smoothed(crop, lens);
          assert.deepEqual([width, height, pixels.length], [crop.width, crop.height, crop.pixels.length]);
          const sorted = pixels.toSorted();
          assert.ok(
            (sorted[0] ?? 255) <= 10 && (sorted.at(-1) ?? 0) >= 245,
            `${name}: ${sorted[0]} to ${sorted.at(-1)}`,
          );
        }
      }
    }
  });

  it('is a picture, too, of one color, of one pixel, and of nothing but two', () => {
    for (const lens of LENSES) {
      for (const [width, height, color] of [
        [1, 1, 0],
        [1, 1, 255],
        [40, 3, 128],
        [3, 40, 0],
        [17, 17, 255],
      ] as const) {
        const pixels = new Uint8Array(width * height).fill(color);
        assert.equal(smoothed({ width, height, pixels }, lens).pixels.length, width * height);
        pixels[0] = 255 - color;
        assert.equal(smoothed({ width, height, pixels }, lens).pixels.length, width * height);
      }
    }
  });
});
