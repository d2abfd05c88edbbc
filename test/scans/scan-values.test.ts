import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { SCAN_TEXT_CHARS_MAX } from '../../indicium/index.ts';
import { FRAME_SIDE_PX_MAX, WEIGHT_GRAMS_MAX } from '../../scans/limits.ts';
import { isFrame, isShortText, isWeight } from '../../scans/scan-values.ts';
import { FrameShape, TextShape, WeightShape } from '../../scans/shapes/scan-shapes.ts';

const numbers = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.integer({ min: FRAME_SIDE_PX_MAX - 1, max: FRAME_SIDE_PX_MAX + 1 }),
  fc.integer({ min: WEIGHT_GRAMS_MAX - 1, max: WEIGHT_GRAMS_MAX }),
  fc.constantFrom(WEIGHT_GRAMS_MAX + 1, Number.NaN, Number.POSITIVE_INFINITY, 0.5, -0),
);
const values = fc.oneof(numbers, fc.anything({ withBigInt: true, withNullPrototype: true }));
const texts = fc
  .tuple(fc.integer({ min: SCAN_TEXT_CHARS_MAX - 2, max: SCAN_TEXT_CHARS_MAX + 2 }), fc.integer({ min: 0, max: 300 }))
  .map(([length, wide]) => '𝄞'.repeat(Math.min(wide, length)) + 'a'.repeat(Math.max(0, length - wide)));
const frames = fc.oneof(
  fc.record({ width: values, height: values, more: fc.anything() }, { requiredKeys: [] }),
  fc.record({ width: fc.integer({ min: 1, max: FRAME_SIDE_PX_MAX }), height: numbers }),
  fc.array(numbers),
);

function holdsTo(shape: TSchema, isTaken: (value: unknown) => boolean, given: fc.Arbitrary<unknown>): void {
  const described = Compile(shape);
  fc.assert(
    fc.property(given, (value) => assert.equal(isTaken(value), described.Check(value))),
    { numRuns: 500 },
  );
}

describe('what values of a scan are taken', () => {
  it('is what the documents describe: texts', () => {
    const isText = (value: unknown) => typeof value === 'string' && isShortText(value);
    holdsTo(TextShape, isText, fc.oneof(texts, fc.string(), fc.string({ unit: 'binary' }), values));
  });

  it('is what the documents describe: weights', () => holdsTo(WeightShape, isWeight, values));

  it('is what the documents describe: frames', () => holdsTo(FrameShape, isFrame, fc.oneof(frames, values)));
});
