import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { measureCost } from '../../benchmarks/detect-cost.ts';

describe('the store that the cost of the detectors is measured on', () => {
  it('is one of this schema, whose photocopies and forgeries are found', async () => {
    // Two scans for each of its register sets, and the first 10,000 that look at earlier ones.
    const { rows, nextSeconds, findings } = await measureCost(220_000, () => {});
    assert.equal(rows, 220_000);
    assert.equal(nextSeconds.length, 5);
    assert.ok(findings > 0);
  });
});
