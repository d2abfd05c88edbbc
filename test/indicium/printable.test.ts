import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { printable, printableJson, printableLines } from '../../indicium/index.ts';

/** Written apart from the product: ranges in place of properties. */
const RANGES = [
  [0, 0x1f],
  [0x7f, 0x9f],
  [0x61c, 0x61c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
] as const;

function isObeyed(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  return !text.isWellFormed() || codes.some((code) => RANGES.some(([from, to]) => from <= code && code <= to));
}

/** Any UTF-16 units, those that matter often. */
const units = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x1b, 0x9b, 0x07, 0x0a, 0x0d, 0x09, 0x7f, 0x202e, 0x2066, 0x2028, 0xd800, 0xdc00, 0x5c, 0x22),
      fc.integer({ min: 0, max: 0xffff }),
    ),
    { maxLength: 30 },
  )
  .map((codes) => String.fromCharCode(...codes));

describe('text from outside, as it is shown', () => {
  it('holds nothing that a terminal obeys or that turns its direction', () => {
    fc.assert(
      fc.property(units, (text) => !isObeyed(printable(text))),
      { numRuns: 2_000 },
    );
  });

  it('keeps newlines and tabs where the layout is ours, and nothing else', () => {
    fc.assert(
      fc.property(units, (text) => !isObeyed(printableLines(text).replaceAll(/[\n\t]/g, ''))),
      { numRuns: 2_000 },
    );
    assert.equal(printableLines('a\tb\nc\rd'), 'a\tb\nc\\u000dd');
  });

  it('shows each of them as an escape, and all other text as it is', () => {
    assert.equal(printable('\u001b[31mred\u009b0m \u202e \ud800'), '\\u001b[31mred\\u009b0m \\u202e \\ud800');
    for (const text of ['', 'DBCS-12/20261122A/000123', 'Zoë Müller', '東京', 'שלום', '👩‍👩‍👧‍👦', 'a\\u001bb']) {
      assert.equal(printable(text), text);
    }
  });

  it('is every code point that is listed, and no other', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const text = String.fromCharCode(code);
      assert.equal(printable(text) !== text, isObeyed(text), code.toString(16));
    }
  });

  it('is as exact as before where it is JSON', () => {
    // V8 14.6 (Node 26.10) reads a key that is one escaped character as a backslash: JSON.parse('{"":2,"\\u4e00":1}').
    const key = units.filter((text) => text.length !== 1);
    fc.assert(
      fc.property(fc.anything({ key, values: [units, fc.integer()], maxDepth: 3 }), (value) => {
        const text = JSON.stringify(value);
        if (text === undefined) return;
        assert.ok(!isObeyed(printableJson(value)));
        assert.deepEqual(JSON.parse(printableJson(value)), JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });
});
