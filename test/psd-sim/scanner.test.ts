import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawCrop } from '../../psd-sim/print/crop.ts';
import { drawFace, greyPixels } from '../../psd-sim/print/face.ts';
import { FACE, type MarkDamage, print } from '../../psd-sim/print/printer.ts';
import { Random } from '../../psd-sim/random.ts';
import { namedBytes, scannedPicture } from '../support/pictures.ts';

const SIDE = 228;

function impression(damage: MarkDamage) {
  const piece = {
    payload: namedBytes('impression', 135),
    town: 'Shelton',
    dateText: '2026-11-20',
    amountText: '0.730',
    license: 1000,
    sender: [],
    addressee: [],
  };
  return print(piece, damage, new Random('impression'));
}

describe('takeScan', () => {
  it('gives the same file for the same seeds, and another for others', () => {
    const payload = namedBytes('twice', 135);
    for (const view of ['crop', 'face'] as const) {
      const [one, two, other] = ['a', 'a', 'b'].map(
        (name) => scannedPicture(payload, view, name, 'light smudge').bytes,
      );
      assert.deepEqual(one, two, view);
      assert.notDeepEqual(one, other, view);
    }
  });
});

describe('a crop', () => {
  // The face is drawn by a canvas, the crop is not: what they show of one piece must not differ.
  for (const damage of ['none', 'light smudge', 'heavy smudge'] as const) {
    it(`shows the same as that part of the whole face (${damage})`, () => {
      const printed = impression(damage);
      const face = greyPixels(drawFace(printed, 0));
      const frame = { left: 1624, top: 34, side: SIDE, degrees: 0 };
      const crop = drawCrop(printed, frame);
      let different = 0;
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          const onFace = face[(frame.top + y) * FACE.width + frame.left + x] ?? 0;
          if (Math.abs(onFace - (crop[y * SIDE + x] ?? 0)) > 16) different += 1;
        }
      }
      // Each smooths the edges of a streak in its own way.
      assert.ok(different < 0.01 * SIDE ** 2, `${different} pixels`);
      if (damage === 'none') assert.equal(different, 0);
      const letters = crop.filter((brightness, at) => at % SIDE < 12 && brightness < printed.paperBrightness);
      assert.ok(letters.length > 20, 'text beside the mark');
    });
  }

  it('turns the way a face turns', () => {
    const printed = impression('light smudge');
    const side = 400;
    const frame = { left: (FACE.width - side) / 2, top: (FACE.height - side) / 2, side, degrees: 2 };
    // A mark in the middle of the face, where both turn about the same point.
    const middle = { ...printed, box: { left: 862, top: 324, side: 176 }, postmark: [], address: [], streaks: [] };
    const face = greyPixels(drawFace(middle, frame.degrees));
    const crop = drawCrop(middle, frame);
    let sum = 0;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        sum += Math.abs((face[(frame.top + y) * FACE.width + frame.left + x] ?? 0) - (crop[y * side + x] ?? 0));
      }
    }
    assert.ok(sum / side ** 2 < 2, `${sum / side ** 2} of 255 on average`);
  });
});
