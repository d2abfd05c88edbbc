import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashOfSpan } from '../../indicium/columns/byte-spans.ts';
import { selectInt32, selectInt64, selectText } from '../../indicium/columns/select.ts';
import {
  bigintAt,
  Int32Builder,
  Int64Builder,
  isValid,
  numberAt,
  TextBuilder,
  textOrNullAt,
} from '../../indicium/index.ts';

const orNull = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: null, freq: 4 });
const wellFormed = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.toWellFormed());

describe('a column', () => {
  it('of texts gives back what was added, in any script, empty or null', () => {
    fc.assert(
      fc.property(fc.array(orNull(wellFormed), { maxLength: 150 }), (texts) => {
        const builder = new TextBuilder(texts.length);
        for (const text of texts) builder.add(text);
        const column = builder.finish();
        assert.deepEqual(
          texts.map((_, row) => textOrNullAt(column, row)),
          texts,
        );
      }),
    );
  });

  it('of integers gives them back to the last bit, beyond 2^53 and below zero', () => {
    const safe = fc.maxSafeInteger();
    const wide = fc.bigInt(0n, 2n ** 64n - 1n);
    fc.assert(
      fc.property(fc.array(orNull(safe)), fc.array(orNull(wide)), (numbers, bigints) => {
        const small = new Int64Builder(numbers.length);
        for (const [row, value] of numbers.entries()) small.set(row, value);
        const smallColumn = small.finish(numbers.length);
        const large = new Int64Builder(bigints.length);
        for (const [row, value] of bigints.entries()) large.setBigint(row, value);
        const largeColumn = large.finish(bigints.length);
        for (const [row, value] of numbers.entries()) {
          assert.equal(isValid(smallColumn.valid, row), value !== null);
          if (value === null) continue;
          assert.equal(numberAt(smallColumn, row), value);
          assert.equal(BigInt.asIntN(64, bigintAt(smallColumn, row)), BigInt(value));
        }
        for (const [row, value] of bigints.entries()) {
          assert.equal(isValid(largeColumn.valid, row) ? bigintAt(largeColumn, row) : null, value);
        }
      }),
    );
  });

  it('holds the rows that were selected, in their order, and without the values that were taken away', () => {
    fc.assert(
      fc.property(
        fc.array(orNull(fc.nat(2 ** 31 - 1)), { minLength: 1, maxLength: 130 }),
        fc.infiniteStream(fc.nat()),
        (values, picks) => {
          const text = new TextBuilder(values.length);
          const narrow = new Int32Builder(values.length);
          const wide = new Int64Builder(values.length);
          for (const [row, value] of values.entries()) {
            text.add(value === null ? null : `${value}`);
            narrow.set(row, value);
            wide.set(row, value);
          }
          const rows = Array.from(picks.take(values.length), (pick) => pick % values.length);
          const expected = rows.map((row) => values[row] ?? null);
          const texts = selectText(text.finish(), rows);
          const narrows = selectInt32(narrow.finish(values.length), rows);
          const wides = selectInt64(wide.finish(values.length), rows);
          for (const [row, value] of expected.entries()) {
            assert.equal(textOrNullAt(texts, row), value === null ? null : `${value}`);
            assert.equal(isValid(narrows.valid, row) ? narrows.values[row] : null, value);
            assert.equal(isValid(wides.valid, row) ? numberAt(wides, row) : null, value);
          }
        },
      ),
    );
  });
});

describe('the hash of texts that strangers choose', () => {
  it('puts texts that share a slot of FNV-1a into slots of their own', () => {
    const plain = (text: Uint8Array) => {
      let hash = 0x811c9dc5;
      for (const byte of text) hash = Math.imul(hash ^ byte, 0x01000193);
      return (hash ^ (hash >>> 16)) & 1023;
    };
    const colliding: Uint8Array[] = [];
    for (let at = 0; colliding.length < 200; at++) {
      const text = Buffer.from(`DBCS-1/20261122A/${at}`);
      if (plain(text) === 0) colliding.push(text);
    }
    const slots = new Set(colliding.map((text) => hashOfSpan(text, 0, text.length) & 1023));
    assert.ok(slots.size > 50, `${slots.size} slots`);
  });
});
