import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectorTiming } from '../../app/stages/detector-timing.ts';
import { type JudgedAnswer, judgeTasks, type PartitionStore } from '../../ingest/kafka/index.ts';

const topics = { readings: 'readings', verdicts: 'v', findings: 'f', revisions: 'r', deadLetters: 'd' };

/** A store that has recorded up to a position, and nothing else to say. */
function storeAt(position: string | null): PartitionStore<JudgedAnswer> {
  const unasked = async () => assert.fail('nothing was to be recorded');
  return {
    positionOf: async (source) => (source === 'kafka:readings/3' ? position : assert.fail(source)),
    record: unasked,
    detect: unasked,
    findingDelta: unasked,
    close: async () => {},
  };
}

function claimed(recorded: string | null, published: bigint | null) {
  const tasks = judgeTasks({
    open: async () => storeAt(recorded),
    topics,
    nowMs: () => 0,
    detectorTiming: () => detectorTiming(1_000),
    onJudged: () => {},
    onDetected: () => {},
    onDeadLetter: () => {},
  });
  return tasks.claim(3, published);
}

describe('a judge that takes a partition over', () => {
  it('begins where everything before is recorded and published, lest a verdict be left out', async () => {
    const cases: [recorded: string | null, published: bigint | null, start: bigint | null][] = [
      [null, null, null],
      // An empty store: all is to be judged anew.
      [null, 70n, null],
      // Its last owner recorded and published nothing yet, not even once.
      ['50', null, null],
      ['50', 30n, 30n],
      ['50', 50n, 50n],
      // A store from before what was published.
      ['50', 70n, 50n],
    ];
    for (const [recorded, published, start] of cases) {
      assert.equal((await claimed(recorded, published)).start, start, `${recorded} ${published}`);
    }
  });

  it('publishes no dead letter again that its last owner has published', async () => {
    const task = await claimed('50', 70n);
    const poison = { partition: 3, timestampMs: 0, key: null, value: null, headers: {} };
    assert.deepEqual(await task.process([{ ...poison, offset: 69n }]), []);
    const fresh = await task.process([{ ...poison, offset: 70n }]);
    assert.deepEqual(
      fresh.map(({ topic }) => topic),
      ['d'],
    );
  });
});
