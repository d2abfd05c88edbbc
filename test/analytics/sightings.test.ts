import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Kept, pathAnswer } from '../../analytics/sightings/path.ts';
import { type Repetition, relate } from '../../analytics/sightings/relation.ts';
import type { Sighting } from '../../analytics/sightings/sighting.ts';
import { Sightings } from '../../analytics/sightings/sightings.ts';
import { RULES, sightingOf } from '../support/sightings.ts';

const sighting = fc.record<Sighting>(
  {
    content: fc.bigInt({ min: 1n, max: 2n }),
    mailpiece: fc.bigInt({ min: 0n, max: 3n }),
    plant: fc.integer({ min: 0, max: 3 }),
    pass: fc.constantFrom('origin', 'destination', null),
    halfHour: fc.constantFrom(0, 1_000_000, 1_000_001, 1_000_080, 1_000_200),
    weightGrams: fc.constantFrom(0, 20, 23, 60),
    area: fc.constantFrom(0, 7_503, 9_410, 1_001, 6_048),
  },
  { noNullPrototype: true },
);
const pieceCount = fc.constantFrom(1n, 2n, 63n, 64n, 65n, 2n ** 31n, 2n ** 32n + 1n, 2n ** 53n + 1n, 2n ** 64n - 1n);

/** The rule in its plainest form: remember everything, compare with everything. */
class NaiveSightings {
  readonly #all: { key: string; sighting: Sighting }[] = [];

  observe(registerSet: string, count: bigint, seen: Sighting): Set<Repetition | null> {
    const key = `${registerSet}/${count}`;
    const earlier = this.#all.filter((entry) => entry.key === key).map((entry) => entry.sighting);
    this.#all.push({ key, sighting: seen });
    const its = (one: Sighting) => one.content === seen.content && one.mailpiece === seen.mailpiece;
    const isUnidentified = (one: Sighting) => {
      return seen.mailpiece === 0n && its(one) && one.plant === seen.plant && one.pass === seen.pass;
    };
    const answers = earlier.filter((one) => seen.mailpiece === 0n || !its(one)).map((one) => relate(one, seen, RULES));
    if (earlier.filter(isUnidentified).length >= RULES.unidentifiedScansMax) answers.push('copy');
    // The path up to each of its scans: what was wrong with it once stays wrong, and a proof says more than a doubt.
    const path: Kept[] = [];
    const ofPath = new Set<Repetition | null>();
    for (const one of seen.mailpiece === 0n ? [] : [...earlier.filter(its), seen]) {
      if (path.length > 0) ofPath.add(pathAnswer(path, one, RULES));
      path.push({ sighting: one, times: 1 });
    }
    answers.push(...(ofPath.has('cloned-id') ? (['cloned-id'] as const) : ofPath));
    return new Set(answers);
  }
}

describe('the sightings index', () => {
  it('answers as a list of everything would, for any sightings in any order', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), pieceCount, sighting), { maxLength: 24 });
    fc.assert(
      fc.property(steps, (observations) => {
        const index = new Sightings(RULES);
        const sets = new Map(['a', 'b'].map((name) => [name, index.addSet()]));
        const naive = new NaiveSightings();
        for (const [set, count, seen] of observations) {
          const answer = new Set<Repetition>(index.observe(sets.get(set) ?? -1, count, seen));
          const expected = naive.observe(set, count, seen);
          assert.deepEqual([...answer].toSorted(), [...expected].filter((one) => one !== null).toSorted());
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('diverts every later sighting of a mailpiece whose mark was found twice', () => {
    const index = new Sightings(RULES);
    const a = index.addSet();
    const original = sightingOf({ content: 1n, mailpiece: 1n, plant: 1, pass: 'origin' });
    const observe = (change: Partial<Sighting>) => index.observe(a, 5n, { ...original, ...change });
    assert.deepEqual(observe({}), []);
    assert.deepEqual(observe({ plant: 2, pass: 'destination' }), []);
    assert.deepEqual(observe({ mailpiece: 2n }), ['copy']);
    assert.deepEqual(observe({ mailpiece: 2n, pass: 'destination' }), ['copy']);
    assert.deepEqual(observe({ plant: 2, pass: 'destination' }), ['copy']);
  });

  it('says of a mailpiece what was proved once, whatever else is in doubt later', () => {
    const index = new Sightings(RULES);
    const a = index.addSet();
    const entered = sightingOf({ halfHour: 1_000_000, weightGrams: 20, area: 7_503 });
    assert.deepEqual(index.observe(a, 5n, entered), []);
    assert.deepEqual(index.observe(a, 5n, { ...entered, plant: 3 }), ['cloned-id']);
    const doubtful = { plant: 2, pass: 'destination', halfHour: 1_000_200, weightGrams: 60, area: 9_410 } as const;
    assert.deepEqual(index.observe(a, 6n, { ...entered, content: 2n }), []);
    assert.deepEqual(index.observe(a, 6n, { ...entered, ...doubtful, content: 2n }), ['possible-copy'], 'alone');
    assert.deepEqual(index.observe(a, 5n, { ...entered, ...doubtful }), ['cloned-id']);
  });

  it('sends to a person what may be a copy, and accuses nobody', () => {
    const unnamed = sightingOf({ content: 1n, mailpiece: 0n, plant: 1, pass: 'origin' });
    const index = new Sightings(RULES);
    const a = index.addSet();
    assert.deepEqual(index.observe(a, 5n, unnamed), []);
    assert.deepEqual(index.observe(a, 5n, unnamed), ['possible-copy']);
    assert.deepEqual(index.observe(a, 5n, { ...unnamed, plant: 2, pass: 'destination' }), []);
    assert.deepEqual(index.observe(a, 5n, { ...unnamed, mailpiece: 9n }), ['possible-copy']);
  });

  it('lets nothing pass unseen when one count was sighted more often than it remembers', () => {
    const index = new Sightings(RULES);
    const a = index.addSet();
    const sighting = sightingOf({ content: 1n, mailpiece: 0n, plant: 0, pass: 'destination' });
    for (let plant = 1; plant <= 40; plant++) index.observe(a, 5n, { ...sighting, plant });
    assert.notDeepEqual(index.observe(a, 5n, { ...sighting, plant: 1, pass: 'origin' }), []);
    assert.notDeepEqual(index.observe(a, 5n, { ...sighting, plant: 2, pass: 'origin' }), []);
  });

  it('tells more plants apart than a small number can', () => {
    const index = new Sightings(RULES);
    const a = index.addSet();
    const sighting = sightingOf({ content: 1n, mailpiece: 0n, plant: 65_537, pass: 'origin' });
    index.observe(a, 5n, sighting);
    assert.deepEqual(index.observe(a, 5n, sighting), ['possible-copy']);
    assert.deepEqual(index.observe(a, 5n, { ...sighting, plant: 1 }), ['copy']);
  });

  it('takes one page for 64 neighboring pieces of a register set', () => {
    const index = new Sightings(RULES);
    const a = index.addSet();
    const seen = sightingOf({ content: 1n, mailpiece: 1n, plant: 1, pass: 'origin' });
    for (let count = 64n; count < 128n; count++) index.observe(a, count, { ...seen, content: count });
    assert.equal(index.livePages, 1);
    index.observe(index.addSet(), 64n, seen);
    assert.equal(index.livePages, 2);
  });
});

describe('a sightings index whose window is full', () => {
  const SMALL = { livePages: 2, seenPages: 1_000 };
  const seen = sightingOf({ content: 1n, mailpiece: 1n, plant: 1, pass: 'origin' });

  it('keeps one bit for each piece that left it: a repetition may be a copy, and accuses nobody', () => {
    const index = new Sightings(RULES, SMALL);
    const a = index.addSet();
    for (let page = 0n; page < 10n; page++) assert.deepEqual(index.observe(a, page * 64n + 5n, seen), []);
    assert.deepEqual([index.livePages, index.seenPages], [2, 8]);
    assert.deepEqual(
      index.observe(a, 5n, { ...seen, content: 2n }),
      ['possible-copy'],
      'not fork: nothing proves it here',
    );
    assert.deepEqual(index.observe(a, 6n, seen), [], 'its neighbor was never seen');
    assert.deepEqual(index.observe(a, 6n, seen), ['possible-copy']);
    assert.deepEqual(
      index.observe(a, 9n * 64n + 5n, { ...seen, content: 2n }),
      ['fork'],
      'within the window all is known',
    );
  });

  it('keeps the pages that are in use, however old', () => {
    const index = new Sightings(RULES, { ...SMALL, livePages: 8 });
    const a = index.addSet();
    index.observe(a, 5n, seen);
    for (let page = 1n; page < 20n; page++) {
      index.observe(a, page * 64n, seen);
      assert.ok(index.observe(a, 5n, { ...seen, mailpiece: 2n }).includes('copy'), `after ${page} other pages`);
    }
  });

  it('forgets the oldest bits when the room for them is full, and goes on', () => {
    const index = new Sightings(RULES, { livePages: 1, seenPages: 3 });
    const a = index.addSet();
    for (let page = 0n; page < 100n; page++) index.observe(a, page * 64n, seen);
    assert.deepEqual([index.livePages, index.seenPages], [1, 3]);
    assert.deepEqual(index.observe(a, 98n * 64n, seen), ['possible-copy']);
    assert.deepEqual(index.observe(a, 0n, seen), []);
  });

  it('never accuses where a list of everything would not, and misses nothing that it still holds a bit of', () => {
    const counts = fc.bigInt({ min: 0n, max: 600n });
    const steps = fc.array(fc.tuple(fc.constantFrom(0, 1), counts, sighting), { maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (observations, livePages) => {
        const index = new Sightings(RULES, { livePages, seenPages: 1_000 });
        index.addSet();
        index.addSet();
        const naive = new NaiveSightings();
        for (const [set, count, seenNow] of observations) {
          const answer = index.observe(set, count, seenNow);
          const expected = naive.observe(String(set), count, seenNow);
          for (const accusation of ['fork', 'copy', 'cloned-id'] as const) {
            assert.ok(!answer.includes(accusation) || expected.has(accusation));
          }
          if (expected.has('fork') || expected.has('copy') || expected.has('cloned-id'))
            assert.notDeepEqual(answer, [], 'it passed unseen');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('two sightings of one piece count', () => {
  const base = sightingOf({ content: 1n, mailpiece: 7n, plant: 1, pass: 'origin' });
  const cases: [string, Partial<Sighting>, Partial<Sighting>, Repetition | null][] = [
    ['the same mailpiece on another machine is a re-scan', {}, { pass: 'destination', plant: 2 }, null],
    ['the same mailpiece in the same pass is a re-scan', {}, {}, null],
    ['a new id in a later pass is a new tag', {}, { mailpiece: 8n, pass: 'destination' }, null],
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
      assert.equal(relate({ ...base, ...earlier }, { ...base, ...later }, RULES), expected);
      assert.equal(relate({ ...base, ...later }, { ...base, ...earlier }, RULES), expected, 'and the other way round');
    });
  }
});
