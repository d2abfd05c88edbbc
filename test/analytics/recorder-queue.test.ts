import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Recorder, RecorderQueue } from '../../analytics/index.ts';
import type { ReadingBatch } from '../../analytics/recorder/index.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('the queue before the recorder', () => {
  it('records nothing of what waited behind a batch that failed: its position would hide the loss', async (test) => {
    const world = new SmallWorld(1, 1);
    const recorder = await Recorder.open(join(await temporaryFolder(test), 'store.duckdb'), NEVER_PAUSED);
    test.after(() => recorder.close());
    let calls = 0;
    const queue = new RecorderQueue({
      async record(batches) {
        calls += 1;
        if (calls === 1) throw new Error('the disk is gone');
        return recorder.record(batches);
      },
    });
    const batch = (position: string): ReadingBatch => {
      const scan = scanOf({ mark: { kind: 'payload', payload: world.frank() } });
      return { readings: readingColumnsOf([scan], world.registry), source: 'test', position };
    };
    const first = queue.record(batch('1'));
    // In the next turn the first is being recorded, and the second waits behind it.
    await null;
    const second = queue.record(batch('2'));
    const outcomes = await Promise.allSettled([first, second, first.catch(() => queue.record(batch('3')))]);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.message : outcome.status)),
      Array(3).fill('the disk is gone'),
    );
    assert.equal(await recorder.positionOf('test'), null);
  });
});
