import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bytesOfBase64, EXCERPT_CHARS_MAX, excerpt, hasBase64Letters } from '../../indicium/index.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const LETTERS = /^[A-Za-z0-9+/]*={0,2}$/;
const nearlyBase64 = fc.string({
  unit: fc.constantFrom('A', 'B', 'f', '9', '+', '/', '=', '-', '_', ' ', '\n', 'é', '*'),
});
const texts = fc.oneof(
  nearlyBase64,
  fc.base64String(),
  fc.string(),
  fc.base64String().map((text) => `${text}=`),
);

describe('base64', () => {
  it('is what the standard calls it, with any spare bits', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const read = bytesOfBase64(text);
        assert.equal(read !== null, BASE64.test(text), JSON.stringify(text));
        if (read !== null) assert.equal(read.bytes.toString('base64'), read.canonical);
      }),
      { numRuns: 5_000 },
    );
  });

  it('has the letters that its alphabet has', () => {
    fc.assert(
      fc.property(texts, (text) => assert.equal(hasBase64Letters(text), LETTERS.test(text), JSON.stringify(text))),
      { numRuns: 5_000 },
    );
  });

  it('is the same for every way to write its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        assert.deepEqual(bytesOfBase64(text)?.bytes, Buffer.from(bytes));
        if (bytes.length % 3 !== 1) return;
        const other = `${text.slice(0, -3)}${String.fromCharCode(text.charCodeAt(text.length - 3) + 1)}==`;
        assert.equal(bytesOfBase64(other)?.canonical, text);
      }),
    );
  });

  for (const mebibytes of [4, 5, 12, 64]) {
    it(`is told from other text in ${mebibytes} MiB of text, at its end or anywhere`, () => {
      const text = 'A'.repeat(mebibytes * 2 ** 20);
      assert.equal(bytesOfBase64(text)?.bytes.length, (text.length / 4) * 3);
      assert.equal(bytesOfBase64(`${text.slice(1)}*`), null);
      assert.equal(bytesOfBase64(`*${text.slice(1)}`), null);
      assert.equal(bytesOfBase64(`${text}A`), null);
      assert.equal(hasBase64Letters(text), true);
      assert.equal(hasBase64Letters(`${text}*`), false);
    });
  }
});

describe('an excerpt', () => {
  it('is bounded and well-formed, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3 * EXCERPT_CHARS_MAX }), (text) => {
        const shown = excerpt(text);
        assert.ok(shown.length <= EXCERPT_CHARS_MAX + 40);
        if (text.length <= EXCERPT_CHARS_MAX) assert.equal(shown, text);
        else assert.ok(shown.isWellFormed());
      }),
    );
  });
});
