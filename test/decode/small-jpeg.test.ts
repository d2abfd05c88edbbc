import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { plainJpegHeader } from '../../decode/jpeg-header.ts';
import { openPages } from '../../decode/pixels.ts';
import { smallJpeg } from '../../decode/small-jpeg.ts';
import { byLibvips } from '../support/by-libvips.ts';

const pictures = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    channels: fc.constantFrom(1 as const, 3 as const),
  })
  .chain(({ width, height, channels }) => {
    const bytes = width * height * channels;
    return fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((pixels) => sharp(pixels, { raw: { width, height, channels } }))
      .map((image) => (channels === 1 ? image.toColourspace('b-w') : image));
  });
const options = fc.record({
  quality: fc.integer({ min: 20, max: 100 }),
  chromaSubsampling: fc.constantFrom('4:2:0', '4:4:4'),
  optimizeCoding: fc.boolean(),
});

describe('a small JPEG that is read without libvips', () => {
  it('has the pixels that libvips sees, grey or in color, in any quality', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, options, async (picture, its) => {
        const jpeg = await picture.jpeg(its).toBuffer();
        const small = await smallJpeg(jpeg);
        assert.deepEqual(small?.grey, await byLibvips(jpeg, small?.isColor === true));
      }),
      { numRuns: 300 },
    );
  });

  // Not its pixels: coefficients out of range wrap in C and are clamped by the vectors of a processor.
  it('opens where libvips opens it, or is left to libvips, whatever was changed in it', async () => {
    let own = 0;
    const changes = fc.array(fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(pictures, options, changes, async (picture, its, changed) => {
        const jpeg = await picture.jpeg(its).toBuffer();
        for (const { at, value } of changed) jpeg[at % jpeg.length] = value;
        const small = await smallJpeg(jpeg);
        if (small === null) return;
        own += 1;
        const other = await byLibvips(jpeg, small.isColor);
        assert.deepEqual([small.grey.width, small.grey.height], [other?.width, other?.height]);
      }),
      { numRuns: 300 },
    );
    assert.ok(own > 60, `${own} of 300`);
  });

  let made: (change: (image: Sharp) => Sharp) => Promise<Buffer>;
  before(() => {
    const raw = { width: 24, height: 16, channels: 3 } as const;
    made = (change) => change(sharp(Buffer.alloc(24 * 16 * 3, 120), { raw })).toBuffer();
  });

  const others: [what: string, change: (image: Sharp) => Sharp][] = [
    ['progressive scans', (image) => image.jpeg({ progressive: true })],
    ['four components', (image) => image.toColourspace('cmyk').jpeg()],
    ['a profile of colors', (image) => image.withIccProfile('p3').jpeg()],
    ['more pixels than are worth it', (image) => image.resize(500, 400).jpeg()],
  ];
  for (const [what, change] of others) {
    it(`is left to libvips with ${what}`, async () => assert.equal(await smallJpeg(await made(change)), null));
  }

  it('is left to libvips when it is cut off, or goes on after its end', async () => {
    const jpeg = await made((image) => image.jpeg());
    assert.deepEqual(plainJpegHeader(jpeg), { width: 24, height: 16, isColor: true });
    for (let end = 0; end < jpeg.length; end++) assert.equal(plainJpegHeader(jpeg.subarray(0, end)), null, `${end}`);
    assert.equal(plainJpegHeader(Buffer.concat([jpeg, Buffer.from('x')])), null);
  });

  it('has its other channels from libvips', async () => {
    const jpeg = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#c02040' } })
      .jpeg()
      .toBuffer();
    const opened = await openPages(jpeg);
    assert.ok(typeof opened !== 'string');
    const [page] = opened.pages;
    assert.ok(page !== undefined && typeof page !== 'string');
    const region = { left: 0, top: 0, width: 16, height: 16 };
    const middle = async (channel: 'usual' | 'red' | 'blue') => {
      const grey = await page.grey(region, channel);
      return typeof grey === 'string' ? grey : (grey.pixels[136] ?? -1);
    };
    assert.equal(await page.hasColor(), true);
    const [usual, red, blue] = [await middle('usual'), await middle('red'), await middle('blue')];
    assert.ok(
      Math.abs(Number(usual) - 0x20) < 4 && Math.abs(Number(red) - 0xc0) < 4 && Math.abs(Number(blue) - 0x40) < 4,
    );
  });
});
