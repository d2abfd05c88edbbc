import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import sharp from 'sharp';
import {
  createMarkReader,
  createZxingWasmReader,
  type ReadOutcome,
  readImage,
  readImages,
  type SymbolReader,
} from '../../decode/index.ts';
import { IMAGE_PAGES_MAX } from '../../decode/limits.ts';
import type { GreyImage } from '../../decode/symbol-reader.ts';
import { type BmpKind, bmpOf, tiffOf } from '../support/image-writers.ts';
import { codewordImage, symbolImage } from '../support/pictures.ts';

const CASES = new URL('../cases/inputs/', import.meta.url);

let general: SymbolReader;
let mark: GreyImage;
let blank: GreyImage;
before(async () => {
  general = await createZxingWasmReader();
  const { data, info } = await sharp(await readFile(new URL('../images/crop-00-1.jpg', import.meta.url)))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  mark = { width: info.width, height: info.height, pixels: data };
  blank = { width: 90, height: 60, pixels: new Uint8Array(90 * 60).fill(230) };
});

const read = (bytes: Uint8Array) => readImage(bytes, createMarkReader(general));

function hasIndicium(outcome: ReadOutcome): boolean {
  return 'mark' in outcome && 'indicium' in outcome.mark.parsed;
}

describe('an image in a format that others write', () => {
  for (const name of ['bmp.bmp', 'gif.gif', 'webp.webp']) {
    it(`is read: ${name}`, async () => {
      const outcome = await read(await readFile(new URL(name, CASES)));
      assert.ok(hasIndicium(outcome));
      assert.equal(outcome.note, undefined);
    });
  }

  const kinds: readonly BmpKind[] = [
    { bits: 1 },
    { bits: 1, isInverted: true },
    { bits: 8 },
    { bits: 8, isInverted: true, isTopDown: true },
    { bits: 24 },
    { bits: 24, isTopDown: true },
    { bits: 32 },
  ];
  for (const kind of kinds) {
    it(`is read: BMP, ${JSON.stringify(kind)}`, async () => {
      assert.ok(hasIndicium(await read(bmpOf(mark, kind))));
    });
  }

  it('is refused before it is decoded where its header tells of more pixels than any image has', async () => {
    const hostile = bmpOf(blank, { bits: 24 });
    hostile.writeInt32LE(60_000, 18);
    hostile.writeInt32LE(-60_000, 22);
    assert.deepEqual(await read(hostile), { failure: 'image-too-large', candidates: [], attempts: [] });
  });

  it('is damaged where a bitmap says what cannot be', async () => {
    for (const [offset, value] of [
      [18, 0],
      [22, 0],
      [14, 7],
      [28, 3],
    ] as const) {
      const damaged = bmpOf(blank, { bits: 24 });
      damaged.writeInt32LE(value, offset);
      assert.ok('failure' in (await read(damaged)), `${offset}`);
    }
    const outcome = await read(bmpOf(blank, { bits: 8 }).subarray(0, 30));
    assert.equal('failure' in outcome ? outcome.failure : '', 'image-corrupt');
  });
});

describe('a file with several pages', () => {
  it('is read on whichever page the mark is, and says on which', async () => {
    const outcome = await read(await readFile(new URL('tiff-2pages-mark-on-2.tif', CASES)));
    assert.ok(hasIndicium(outcome));
    assert.equal(outcome.note, 'page 2 of 2');
    const behind = await read(tiffOf([blank, blank, mark, blank]));
    assert.ok(hasIndicium(behind));
    assert.equal(behind.note, 'page 3 of 4');
  });

  it('is read up to a bound, and says so', async () => {
    const pages = Array.from({ length: IMAGE_PAGES_MAX + 4 }, () => blank);
    const last = await read(tiffOf(pages.with(IMAGE_PAGES_MAX - 1, mark)));
    assert.equal(last.note, `page ${IMAGE_PAGES_MAX} of ${IMAGE_PAGES_MAX + 4}`);
    const beyond = await read(tiffOf(pages.with(IMAGE_PAGES_MAX, mark)));
    assert.ok('failure' in beyond && beyond.failure === 'no-symbol');
    assert.equal(beyond.note, '16 of 20 pages: 90 x 60, 90 x 60, 90 x 60, 90 x 60, … pixels');
  });

  it('is read where another of its pages is damaged, and damaged where no page has a mark', async () => {
    assert.equal((await read(tiffOf([null, mark]))).note, 'page 2 of 2');
    const outcome = await read(tiffOf([blank, null]));
    assert.equal('failure' in outcome ? outcome.failure : '', 'image-corrupt');
  });

  it('may lead around in a circle', async () => {
    const around = tiffOf([blank]);
    around.writeUInt32LE(8, 8 + 2 + 12 * 9);
    const outcome = await read(around);
    assert.ok('failure' in outcome);
  });

  it('is an animated picture, too', async () => {
    const frames = [blank, mark];
    const gif = await sharp(
      await Promise.all(
        frames.map(({ width, height, pixels }) =>
          sharp(pixels, { raw: { width, height, channels: 1 } })
            .resize(300, 300, { fit: 'fill' })
            .png()
            .toBuffer(),
        ),
      ),
      { join: { animated: true } },
    )
      .gif()
      .toBuffer();
    const outcome = await read(gif);
    assert.ok(hasIndicium(outcome));
    assert.equal(outcome.note, 'page 2 of 2');
  });
});

describe('an image that gives nothing', () => {
  it('says what was seen', async () => {
    const outcome = await read(tiffOf([blank]));
    assert.ok('failure' in outcome && outcome.failure === 'no-symbol');
    assert.equal(outcome.note, '90 x 60 pixels');
  });

  it('says it of each picture of a piece', async () => {
    const outcome = await readImages(
      [{ bytes: tiffOf([blank]) }, { bytes: tiffOf([blank, blank]) }],
      createMarkReader(general),
    );
    assert.equal(outcome.note, 'picture 1: 90 x 60 pixels; picture 2: 2 of 2 pages: 90 x 60, 90 x 60 pixels');
  });
});

describe('a symbol that is a part', () => {
  it('of a structured append says which, and of how many', async () => {
    const outcome = await read(await readFile(new URL('structured-append.png', CASES)));
    assert.ok('mark' in outcome);
    assert.equal(outcome.mark.text, 'PART TWO OF THREE');
    assert.deepEqual({ ...outcome.mark.part, id: '' }, { number: 2, of: 3, id: '' });
    assert.match(outcome.note ?? '', /^part 2 of 3 \(structured append, id \d+\)$/);
  });

  // Byte compaction of AB, then the control block: index 1 as the number 100001 in base 900, file id 017 053.
  const head = '^901^065^066^928^111^101^017^053';
  for (const [kind, tail, of] of [
    ['that says how many there are', '^923^001^111^103', 3],
    ['that does not say how many there are', '', null],
  ] as const) {
    it(`of a macro PDF417 ${kind}`, async () => {
      const png = await codewordImage('pdf417', head + tail)
        .png()
        .toBuffer();
      const outcome = await read(png);
      assert.ok('mark' in outcome);
      assert.deepEqual(Buffer.from(outcome.mark.bytes).toString(), 'AB');
      assert.deepEqual([outcome.mark.part?.number, outcome.mark.part?.of], [2, of]);
      assert.match(outcome.note ?? '', of === null ? /^part 2 of an unknown number/ : /^part 2 of 3/);
    });
  }

  it('is not a part otherwise', async () => {
    const outcome = await read(await symbolImage('pdf417', Buffer.from('alone')).png().toBuffer());
    assert.ok('mark' in outcome);
    assert.equal(outcome.mark.part, undefined);
    assert.equal(outcome.note, undefined);
  });
});

type Rgb = readonly [number, number, number];

describe('a mark in colored ink on colored paper', () => {
  const printed = (ink: Rgb, paper: Rgb) => {
    const { width, height, pixels } = mark;
    const rgb = new Uint8Array(3 * width * height);
    for (const [at, level] of pixels.entries()) {
      for (let channel = 0; channel < 3; channel++) {
        const [dark = 0, light = 0] = [ink[channel], paper[channel]];
        rgb[3 * at + channel] = Math.round(dark + ((light - dark) * level) / 255);
      }
    }
    return sharp(rgb, { raw: { width, height, channels: 3 } });
  };
  const GREEN_ON_MANILA = [
    [70, 182, 80],
    [226, 182, 120],
  ] as const;
  const YELLOW_ON_WHITE = [
    [253, 250, 60],
    [255, 250, 245],
  ] as const;

  for (const [name, [ink, paper], channel] of [
    ['green on manila', GREEN_ON_MANILA, 'red'],
    ['yellow on white', YELLOW_ON_WHITE, 'blue'],
  ] as const) {
    it(`is read where the green channel shows nothing: ${name}`, async () => {
      const png = await read(await printed(ink, paper).png().toBuffer());
      assert.ok(hasIndicium(png));
      assert.match('mark' in png ? png.mark.rung : '', new RegExp(`${channel}$`));
      for (const bytes of [
        await printed(ink, paper).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
        await printed(ink, paper).ensureAlpha().png().toBuffer(),
        await printed(ink, paper).toColourspace('rgb16').png().toBuffer(),
        await printed(ink, paper).toColourspace('cmyk').tiff({ compression: 'lzw' }).toBuffer(),
      ]) {
        assert.ok(hasIndicium(await read(bytes)));
      }
    });
  }

  it('is not looked for on other channels where they are the same', async () => {
    const { width, height, pixels } = blank;
    const grey = sharp(pixels, { raw: { width, height, channels: 1 } });
    const outcome = await read(await grey.toColourspace('srgb').png().toBuffer());
    assert.ok('failure' in outcome);
    assert.deepEqual(
      outcome.attempts.filter(({ rung }) => /red|blue/.test(rung)),
      [],
    );
  });
});
