import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import sharp from 'sharp';
import { encodeGreyPng } from '../../psd-sim/print/grey-png.ts';
import { namedBytes } from '../support/pictures.ts';

describe('encodeGreyPng', () => {
  it('loses no pixel, at any width and height', async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 9],
      [9, 1],
      [17, 5],
      [228, 228],
      [1900, 824],
    ] as const) {
      const pixels = namedBytes(`${width} by ${height}`, width * height);
      const file = encodeGreyPng(pixels, width, height);
      const { format, channels, depth } = await sharp(file).metadata();
      assert.deepEqual([format, channels, depth], ['png', 1, 'uchar']);
      const { data, info } = await sharp(file).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height], [width, height]);
      assert.ok(data.equals(pixels));
    }
  });
});
