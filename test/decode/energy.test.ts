import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { leastOf, levelOf } from '../../decode/energy.ts';

describe('the level of an energy', () => {
  it('is reached from the least energy of the level on', () => {
    // Cells give halves, up to four points with six steps of brightness each way.
    const energies = fc.integer({ min: 0, max: 2 ** 15 }).map((halves) => halves / 2);
    fc.assert(
      fc.property(energies, fc.integer({ min: 0, max: 160 }), (energy, level) => {
        assert.equal(energy >= leastOf(level), levelOf(energy) >= level);
      }),
      { numRuns: 20_000 },
    );
  });
});
