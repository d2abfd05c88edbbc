import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareResults } from '../../commands/bench/compare.ts';
import type { Measured } from '../../commands/bench/results-file.ts';

function figure(samples: readonly number[], change: Partial<Measured> = {}): Measured {
  return {
    benchmark: 'run',
    name: 'over the limit',
    unit: 'ratio',
    better: 'higher',
    isPaired: true,
    samples: [...samples],
    ...change,
  };
}

function verdictOf(before: Measured, now: Measured): string {
  const [compared] = compareResults([before], [now]);
  return compared?.verdict ?? 'not compared';
}

/** Around a value, each so many hundredths away from it. */
const around = (value: number, percents: readonly number[]) => percents.map((percent) => value * (1 + percent / 100));
const SPREAD = [-1.5, -1, -0.5, -0.2, 0, 0.1, 0.4, 0.8, 1.2, 1.4];

describe('two results of benchmarks', () => {
  it('do not differ where their samples are alike', () => {
    assert.equal(verdictOf(figure(around(0.75, SPREAD)), figure(around(0.752, SPREAD.toReversed()))), 'no difference');
  });

  it('say which way five in a hundred went, as what is better says', () => {
    const [before, less] = [figure(around(0.75, SPREAD)), around(0.71, SPREAD)];
    assert.equal(verdictOf(before, figure(less)), 'slower');
    assert.equal(verdictOf(figure(less), before), 'faster');
    const better = 'lower' as const;
    assert.equal(verdictOf(figure(around(0.75, SPREAD), { better }), figure(less, { better })), 'faster');
  });

  it('cannot tell five in a hundred from chance where the samples spread by more', () => {
    const wide = [-30, -25, -20, -4, 0, 3, 22, 28, 30];
    assert.equal(verdictOf(figure(around(0.75, wide)), figure(around(0.71, wide))), 'cannot tell');
  });

  it('cannot tell anything from a few samples', () => {
    assert.equal(verdictOf(figure([0.75, 0.75]), figure([0.5, 0.5])), 'cannot tell');
  });

  it('leave out what is no ratio, and what is in one of them only', () => {
    assert.deepEqual(compareResults([figure(SPREAD, { isPaired: false })], [figure(SPREAD, { isPaired: false })]), []);
    assert.deepEqual(compareResults([figure(SPREAD)], [figure(SPREAD, { name: 'another' })]), []);
    assert.deepEqual(compareResults([figure(SPREAD)], [figure(SPREAD, { benchmark: 'verify' })]), []);
  });

  it('of one distribution are seldom called different', () => {
    // Both of twelve samples with a spread of some 2 %, as a quiet machine has.
    const noise = fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 12, maxLength: 12 });
    let called = 0;
    fc.assert(
      fc.property(noise, noise, (one, other) => {
        const [before, now] = [one, other].map((its) =>
          figure(
            around(
              0.75,
              its.map((step) => step / 10),
            ),
          ),
        );
        if (before === undefined || now === undefined) return;
        if (['slower', 'faster'].includes(verdictOf(before, now))) called += 1;
      }),
      { numRuns: 60 },
    );
    assert.ok(called <= 4, `${called} of 60`);
  });
});
