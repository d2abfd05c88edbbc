import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LatencyHistogram } from '../../../commands/load/latency-histogram.ts';

function histogramOf(latencies: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latencyMs of latencies) histogram.add(latencyMs);
  return histogram;
}

describe('a latency histogram', () => {
  const latency = fc.double({ min: 0.001, max: 3_000_000, noNaN: true });

  it('tells every quantile to within a hundredth, and never less than it was', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1 }), fc.double({ min: 0.001, max: 1, noNaN: true }), (ms, share) => {
        const sorted = ms.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
        const told = histogramOf(ms).quantileMs(share);
        assert.ok(told >= exact * (1 - 1e-9) && told <= exact * 1.0101, `${told} for ${exact}`);
      }),
    );
  });

  it('knows how many there were, the longest and the mean', () => {
    const histogram = histogramOf([1, 2, 6]);
    assert.deepEqual([histogram.count, histogram.maxMs, histogram.meanMs], [3, 6, 3]);
    assert.deepEqual([new LatencyHistogram().quantileMs(0.5), new LatencyHistogram().plot()], [0, []]);
  });

  it('draws a row for each doubling, empty ones between included', () => {
    assert.deepEqual(
      histogramOf([0.9, 0.9, 6])
        .plot()
        .map((line) => line.replaceAll(/ +/g, ' ').trim()),
      [`≤ 1 ms ${'█'.repeat(50)} 2`, '≤ 2 ms 0', '≤ 4 ms 0', `≤ 8 ms ${'█'.repeat(25)} 1`],
    );
  });

  it('counts what is beyond its range at its ends', () => {
    const histogram = histogramOf([0, 1e9]);
    assert.deepEqual([histogram.count, histogram.quantileMs(0.5), histogram.maxMs], [2, 0.001, 1e9]);
  });
});
