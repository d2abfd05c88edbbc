import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DuplicateKeyError, parseStrictJson } from '../../indicium/index.ts';

describe('strict JSON', () => {
  it('is what JSON.parse makes of it, written with or without room between', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        assert.deepEqual(parseStrictJson(text), JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('names a key that stands twice in one object, wherever the object is', () => {
    const key = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 2 })), key, fc.nat(3), (others, name, depth) => {
        const written = Object.entries(others).filter(([other]) => other !== name);
        const fields = written.map(([other, value]) => `${JSON.stringify(other)}:${JSON.stringify(value)}`);
        const one = JSON.stringify(name);
        const twice = `{${[`${one} : 1`, ...fields, `${one}\n:[]`].join(', ')}}`;
        const text = `${'[{"around":'.repeat(depth)}${twice}${'}]'.repeat(depth)}`;
        assert.throws(
          () => parseStrictJson(text),
          (error) => error instanceof DuplicateKeyError && error.key === name,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes keys that are alike only in different objects, and colons in texts', () => {
    for (const text of [
      '[{"a":1},{"a":2}]',
      '{"a":{"a":"a:\\"a\\":"}}',
      '{"__proto__":1,"constructor":2}',
      '"a:b"',
      '1',
    ]) {
      assert.deepEqual(parseStrictJson(text), JSON.parse(text));
    }
  });

  it('finds a key that is written in two ways', () => {
    assert.throws(() => parseStrictJson('{"plant":1,"pl\\u0061nt":2}'), /the key "plant" is there twice/);
  });

  it('refuses what is not JSON, and bears what nests deeper than calls can', () => {
    assert.throws(() => parseStrictJson('{"a":'), SyntaxError);
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    assert.ok(Array.isArray(parseStrictJson(deep)));
  });
});
