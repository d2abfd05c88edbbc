import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ALL_GUARDS, GUARDS, withoutGuards } from '../../psd-sim/psd/guards.ts';
import { historiesWith, play } from '../support/patent-history.ts';

/** Attacks for each 22 honest steps: some, and where a missing guard must show, as many. */
const FEW_ATTACKS = 3;
const MANY_ATTACKS = 22;
const RUNS = 120;
/** A history must be long enough for something to happen that a guard would have prevented. */
const CANARY_STEPS_MIN = 15;
const CANARY_RUNS = 300;

describe('the system of WO 99/48053 under any history, with hostile links and power cuts', () => {
  it('prints no postage without funds, no counter twice, keeps its books and its secrets', async () => {
    await fc.assert(
      fc.asyncProperty(historiesWith(FEW_ATTACKS, 5), (history) => play(history, ALL_GUARDS)),
      { numRuns: RUNS },
    );
  });

  it('stands attack after attack', async () => {
    await fc.assert(
      fc.asyncProperty(historiesWith(MANY_ATTACKS, 5), (history) => play(history, ALL_GUARDS)),
      { numRuns: RUNS / 3 },
    );
  });

  it('bills to the mill what was printed, in a country without a descending register', async () => {
    await fc.assert(
      fc.asyncProperty(historiesWith(FEW_ATTACKS, 5), (history) => play(history, ALL_GUARDS, 'postpaid')),
      { numRuns: RUNS / 3 },
    );
  });
});

describe('a PSD that lacks a guard is found out', () => {
  for (const guard of GUARDS) {
    it(guard, async () => {
      const histories = historiesWith(MANY_ATTACKS, CANARY_STEPS_MIN);
      const property = fc.asyncProperty(histories, (history) => play(history, withoutGuards(guard)));
      const { failed, counterexample } = await fc.check(property, {
        numRuns: CANARY_RUNS,
        endOnFailure: true,
        seed: 1,
      });
      assert.ok(failed && counterexample !== null, `nothing shows that ${guard} is missing`);
      // It is the guard that was missed: with it the same history ends well.
      await play(counterexample[0], ALL_GUARDS);
    });
  }
});
