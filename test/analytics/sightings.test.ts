import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Repetition, relate, type Sighting } from '../../analytics/relation.ts';
import { Sightings } from '../../analytics/sightings.ts';

const sighting = fc.record<Sighting>(
  {
    content: fc.bigInt({ min: 1n, max: 2n }),
    mailpiece: fc.bigInt({ min: 0n, max: 3n }),
    plant: fc.integer({ min: 0, max: 2 }),
    pass: fc.constantFrom('origin', 'destination', null),
  },
  { noNullPrototype: true },
);
const pieceCount = fc.constantFrom(1n, 2n, 63n, 64n, 65n, 2n ** 31n, 2n ** 32n + 1n, 2n ** 53n + 1n, 2n ** 64n - 1n);

/** The rule in its plainest form: remember everything, compare with everything. */
class NaiveSightings {
  readonly #all: { key: string; sighting: Sighting }[] = [];

  observe(registerSet: string, count: bigint, seen: Sighting): Set<Repetition | null> {
    const key = `${registerSet}/${count}`;
    const earlier = this.#all.filter((entry) => entry.key === key);
    this.#all.push({ key, sighting: seen });
    return new Set(earlier.map((entry) => relate(entry.sighting, seen)));
  }
}

describe('the sightings index', () => {
  it('proves copies and forks as a list of everything would, for any sightings in any order', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), pieceCount, sighting), { maxLength: 24 });
    fc.assert(
      fc.property(steps, (observations) => {
        const index = new Sightings();
        const naive = new NaiveSightings();
        for (const [set, count, seen] of observations) {
          const answer = new Set<Repetition | null>(index.observe(set, count, seen));
          const expected = naive.observe(set, count, seen);
          assert.deepEqual([answer.has('fork'), answer.has('copy')], [expected.has('fork'), expected.has('copy')]);
          // What is merely possible may rest on a re-scan that the index did not need to remember.
          assert.ok(!answer.has('possible-copy') || expected.has('possible-copy'));
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('diverts every later sighting of a mailpiece whose mark was found twice', () => {
    const index = new Sightings();
    const original: Sighting = { content: 1n, mailpiece: 1n, plant: 1, pass: 'origin' };
    const observe = (change: Partial<Sighting>) => index.observe('a', 5n, { ...original, ...change });
    assert.deepEqual(observe({}), []);
    assert.deepEqual(observe({ plant: 2, pass: 'destination' }), []);
    assert.deepEqual(observe({ mailpiece: 2n }), ['copy']);
    assert.deepEqual(observe({ mailpiece: 2n, pass: 'destination' }), ['copy']);
    assert.deepEqual(observe({ plant: 2, pass: 'destination' }), ['copy']);
  });

  it('sends to a person what may be a copy, and accuses nobody', () => {
    const unnamed: Sighting = { content: 1n, mailpiece: 0n, plant: 1, pass: 'origin' };
    const index = new Sightings();
    assert.deepEqual(index.observe('a', 5n, unnamed), []);
    assert.deepEqual(index.observe('a', 5n, unnamed), ['possible-copy']);
    assert.deepEqual(index.observe('a', 5n, { ...unnamed, plant: 2, pass: 'destination' }), []);
    assert.deepEqual(index.observe('a', 5n, { ...unnamed, mailpiece: 9n }), ['possible-copy']);
  });

  it('lets nothing pass unseen when one count was sighted more often than it remembers', () => {
    const index = new Sightings();
    const sighting: Sighting = { content: 1n, mailpiece: 0n, plant: 0, pass: 'destination' };
    for (let plant = 1; plant <= 40; plant++) index.observe('a', 5n, { ...sighting, plant });
    assert.notDeepEqual(index.observe('a', 5n, { ...sighting, plant: 1, pass: 'origin' }), []);
    assert.notDeepEqual(index.observe('a', 5n, { ...sighting, plant: 2, pass: 'origin' }), []);
  });

  it('tells more plants apart than a small number can', () => {
    const index = new Sightings();
    const sighting: Sighting = { content: 1n, mailpiece: 0n, plant: 65_537, pass: 'origin' };
    index.observe('a', 5n, sighting);
    assert.deepEqual(index.observe('a', 5n, sighting), ['possible-copy']);
    assert.deepEqual(index.observe('a', 5n, { ...sighting, plant: 1 }), ['copy']);
  });

  it('takes one page for 64 neighboring pieces of a register set', () => {
    const index = new Sightings();
    const seen: Sighting = { content: 1n, mailpiece: 1n, plant: 1, pass: 'origin' };
    for (let count = 64n; count < 128n; count++) index.observe('a', count, { ...seen, content: count });
    assert.equal(index.pages, 1);
    index.observe('b', 64n, seen);
    assert.equal(index.pages, 2);
  });
});

describe('two sightings of one piece count', () => {
  const base: Sighting = { content: 1n, mailpiece: 7n, plant: 1, pass: 'origin' };
  const cases: [string, Partial<Sighting>, Partial<Sighting>, Repetition | null][] = [
    ['the same mailpiece on another machine is a re-scan', {}, { pass: 'destination', plant: 2 }, null],
    ['the same contents on another mailpiece are a copy', {}, { mailpiece: 8n }, 'copy'],
    ['other contents are a fork, whatever the mailpiece', {}, { content: 2n }, 'fork'],
    ['without ids, entering the mail in two plants is a copy', { mailpiece: 0n }, { mailpiece: 0n, plant: 2 }, 'copy'],
    ['with one id missing, the same', { mailpiece: 0n }, { plant: 2 }, 'copy'],
    ['without ids, a later pass elsewhere is a re-scan', { mailpiece: 0n }, { plant: 2, pass: 'destination' }, null],
    ['without ids, the same pass in the same plant stays open', { mailpiece: 0n }, { mailpiece: 0n }, 'possible-copy'],
    ['without ids, an unknown plant stays open', { mailpiece: 0n, plant: 0 }, { plant: 2 }, 'possible-copy'],
    ['without ids, an unknown pass stays open', { mailpiece: 0n, pass: null }, { plant: 2 }, 'possible-copy'],
  ];
  for (const [name, earlier, later, expected] of cases) {
    it(name, () => {
      assert.equal(relate({ ...base, ...earlier }, { ...base, ...later }), expected);
      assert.equal(relate({ ...base, ...later }, { ...base, ...earlier }), expected, 'and the other way round');
    });
  }
});
