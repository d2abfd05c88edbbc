import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectorTiming } from '../../app/stages/detector-timing.ts';

describe('the time of the detectors of a partition', () => {
  it('comes every so often while scans are judged', () => {
    let nowMs = 0;
    const timing = detectorTiming(30_000, () => nowMs);
    const due: number[] = [];
    for (; nowMs <= 100_000; nowMs += 100) {
      timing.judged();
      if (!timing.isDue(true)) continue;
      due.push(nowMs);
      timing.detected();
    }
    assert.deepEqual(due, [30_000, 60_000, 90_000]);
  });

  it('comes half a second after the last scan, where all are judged, and not where more wait', () => {
    let nowMs = 1_000;
    const timing = detectorTiming(30_000, () => nowMs);
    timing.judged();
    nowMs += 499;
    assert.deepEqual([timing.isDue(true), timing.isDue(false)], [false, false]);
    nowMs += 1;
    assert.deepEqual([timing.isDue(true), timing.isDue(false)], [true, false]);
  });
});
