import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openLoop } from '../../../commands/load/open-loop.ts';

const SCHEDULE = { rate: 1_000, pieces: 20, together: 1, inFlightMax: 100 };

describe('an open loop', () => {
  it('has its due times fixed beforehand, whether or not anything is answered', async () => {
    const due: number[] = [];
    const unanswered: (() => void)[] = [];
    await openLoop(SCHEDULE, (first, count, dueMs) => {
      assert.deepEqual([first, count], [due.length, 1]);
      assert.ok(performance.now() >= dueMs, 'not before its time');
      due.push(dueMs);
      return new Promise((resolve) => {
        unanswered.push(resolve);
        if (unanswered.length === SCHEDULE.pieces) for (const answer of unanswered) answer();
      });
    });
    const stepsMs = due.slice(1).map((dueMs, index) => dueMs - (due[index] ?? 0));
    assert.ok(stepsMs.every((ms) => Math.abs(ms - 1) < 1e-6));
  });

  it('gives pieces that wait for room their due time of the schedule, so that the waiting counts', async () => {
    let flying = 0;
    let most = 0;
    const waitsMs: number[] = [];
    await openLoop({ ...SCHEDULE, inFlightMax: 2 }, async (_, __, dueMs) => {
      waitsMs.push(performance.now() - dueMs);
      most = Math.max(most, ++flying);
      await new Promise((resolve) => setTimeout(resolve, 10));
      flying -= 1;
    });
    assert.equal(most, 2);
    assert.ok((waitsMs.at(-1) ?? 0) > 50, `${waitsMs.at(-1)} ms for the last of 20, two at a time, each 10 ms`);
  });

  it('sends pieces together, the last ones fewer', async () => {
    const sent: [number, number][] = [];
    await openLoop({ ...SCHEDULE, together: 8 }, async (first, count) => {
      sent.push([first, count]);
    });
    assert.deepEqual(sent, [
      [0, 8],
      [8, 8],
      [16, 4],
    ]);
  });

  it('stops at the first failure of the sender itself', async () => {
    let sent = 0;
    const loop = openLoop(SCHEDULE, async () => {
      sent += 1;
      throw new Error('no more pieces');
    });
    await assert.rejects(loop, /no more pieces/);
    assert.ok(sent < SCHEDULE.pieces);
  });
});
