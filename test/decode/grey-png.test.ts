import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { greyOfPng } from '../../decode/grey-png.ts';
import { openPages } from '../../decode/pixels.ts';
import type { GreyImage } from '../../decode/symbol-reader.ts';
import { byLibvips } from '../support/by-libvips.ts';
import { PNG_SIGNATURE, pngChunk, pngHeader } from '../support/png.ts';

const NOTHING = Buffer.alloc(0);

/** Rows as a writer filters them: what is left of each pixel when its neighbors are taken away (PNG, 9.2). */
function filtered({ width, height, pixels }: GreyImage, filterOf: (y: number) => number): Buffer {
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : (pixels[y * width + x] ?? 0));
  const rows: number[] = [];
  for (let y = 0; y < height; y++) {
    const filter = filterOf(y);
    rows.push(filter);
    for (let x = 0; x < width; x++) {
      const [a, b, c] = [at(x - 1, y), at(x, y - 1), at(x - 1, y - 1)];
      const nearest =
        [a, b, c].toSorted((one, other) => Math.abs(a + b - c - one) - Math.abs(a + b - c - other))[0] ?? 0;
      rows.push(at(x, y) - ([0, a, b, Math.floor((a + b) / 2), nearest][filter] ?? 0));
    }
  }
  return Buffer.from(rows);
}

function pngOf(image: GreyImage, rows: Buffer, before: readonly Buffer[] = [], cut = 0): Buffer {
  const data = deflateSync(rows);
  return Buffer.concat([
    PNG_SIGNATURE,
    pngHeader(image.width, image.height),
    ...before,
    pngChunk('IDAT', data.subarray(0, cut)),
    pngChunk('IDAT', data.subarray(cut)),
    pngChunk('IEND', NOTHING),
  ]);
}

const pictures = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((pixels) => ({ width, height, pixels })),
  );
const filters = fc.array(fc.nat({ max: 4 }), { minLength: 12, maxLength: 12 });
const silent = fc.constantFrom(
  [],
  [pngChunk('tEXt', Buffer.from('Comment\0camera 7'))],
  [
    pngChunk('pHYs', Buffer.from([0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1])),
    pngChunk('tIME', Buffer.from([7, 234, 11, 20, 9, 30, 0])),
  ],
);

describe('a grey PNG that is read without libvips', () => {
  it('has the pixels that were written, whatever the filter of each row and the pieces of its data', () => {
    fc.assert(
      fc.property(pictures, filters, silent, fc.nat({ max: 30 }), (picture, filterOf, before, cut) => {
        const png = pngOf(
          picture,
          filtered(picture, (y) => filterOf[y] ?? 0),
          before,
          cut,
        );
        assert.deepEqual(greyOfPng(png), picture);
      }),
      { numRuns: 500 },
    );
  });

  it('has the pixels that libvips sees, or is left to libvips, whatever was changed in it', async () => {
    let own = 0;
    await fc.assert(
      fc.asyncProperty(
        pictures,
        filters,
        fc.array(fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) }), { maxLength: 3 }),
        fc.boolean(),
        async (picture, filterOf, changes, isInRows) => {
          const rows = filtered(picture, (y) => filterOf[y] ?? 0);
          const png = pngOf(picture, rows);
          for (const { at, value } of changes) {
            // Within the rows, checksums fit all the same.
            if (isInRows) rows[at % rows.length] = value;
            else png[at % png.length] = value;
          }
          const changed = isInRows ? pngOf(picture, rows) : png;
          const grey = greyOfPng(changed);
          if (grey === null) return;
          own += 1;
          assert.deepEqual(grey, await byLibvips(changed));
        },
      ),
      { numRuns: 1_000 },
    );
    assert.ok(own > 200, `${own} of 1,000`);
  });

  const square: GreyImage = { width: 4, height: 4, pixels: new Uint8Array(16).fill(90) };
  const whole = filtered(square, () => 0);
  const others: [string, Buffer][] = [
    ['16 bits', Buffer.concat([PNG_SIGNATURE, pngHeader(4, 4, [16, 0, 0, 0, 0])])],
    ['color', Buffer.concat([PNG_SIGNATURE, pngHeader(4, 4, [8, 2, 0, 0, 0])])],
    ['interlaced rows', Buffer.concat([PNG_SIGNATURE, pngHeader(4, 4, [8, 0, 0, 0, 1])])],
    ['a gamma', pngOf(square, whole, [pngChunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f]))])],
    ['a transparent grey', pngOf(square, whole, [pngChunk('tRNS', Buffer.from([0, 90]))])],
    ['frames', pngOf(square, whole, [pngChunk('acTL', Buffer.alloc(8))])],
    ['a row too few', pngOf(square, whole.subarray(0, 15))],
    ['a row too many', pngOf(square, Buffer.concat([whole, whole]))],
    ['a filter that there is not', pngOf(square, filtered(square, () => 0).fill(5, 0, 1))],
    ['no end', pngOf(square, whole).subarray(0, -12)],
    ['more after its end', Buffer.concat([pngOf(square, whole), Buffer.from('x')])],
    ['no data', Buffer.concat([PNG_SIGNATURE, pngHeader(4, 4), pngChunk('IEND', NOTHING)])],
    ['no pixels', pngOf({ ...square, width: 0 }, whole)],
    ['more pixels than are unpacked here', pngOf({ ...square, width: 5_000, height: 5_000 }, whole)],
    ['nothing but a signature', PNG_SIGNATURE],
  ];
  for (const [what, png] of others) {
    it(`is left to libvips with ${what}`, () => assert.equal(greyOfPng(png), null));
  }

  it('is a picture like any other', async () => {
    const opened = await openPages(pngOf(square, whole));
    assert.ok(typeof opened !== 'string');
    const [page] = opened.pages;
    assert.ok(page !== undefined && typeof page !== 'string');
    assert.deepEqual(await page.grey({ left: 1, top: 1, width: 2, height: 3 }), {
      width: 2,
      height: 3,
      pixels: new Uint8Array(6).fill(90),
    });
    assert.equal(await page.hasColor(), false);
  });
});
