import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { auditStore } from '../../analytics/index.ts';
import { PartitionFolder } from '../../analytics/store/partition-folder.ts';
import { simulate } from '../../psd-sim/index.ts';
import { OwnerProcess } from '../support/owner-process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { RECORDING_POINTS } from '../support/work-points.ts';

const PARTITION = 3;
const SCENARIO = { seed: 5, pieces: 240, psds: 6, licenses: 4, frauds: ['copy', 'fork'], images: 'none' } as const;

/** Everything that is stored of the scans, in its order. */
async function contentsOf(path: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const rows = await connection.runAndReadAll('select * exclude (source) from evidence order by row_id');
  connection.closeSync();
  instance.closeSync();
  return rows.getRowsJson();
}

/** A day of scans, and what an owner that nobody disturbs makes of it. */
async function dayOf(test: TestContext) {
  const folder = await temporaryFolder(test);
  await simulate({ ...SCENARIO, dayMs: Date.UTC(2026, 10, 20) }, folder);
  const given = [join(folder, 'scans.ndjson'), join(folder, 'registry')];
  const ownerIn = (name: string, ...how: string[]) => {
    const owner = new OwnerProcess([...given, join(folder, name), ...how]);
    // A test that fails leaves processes that are stopped and would keep it from ending.
    test.after(() => owner.signal('SIGKILL'));
    return owner;
  };
  const storeIn = (name: string) => {
    const partition = PartitionFolder.open(join(folder, name), PARTITION);
    const newest = partition.newestStore();
    assert.ok(newest !== null);
    return { path: partition.storePath(newest), epoch: newest, names: readdirSync(partition.path) };
  };
  const unbroken = ownerIn('unbroken');
  await unbroken.ended();
  assert.deepEqual([unbroken.lines[0], unbroken.lines.at(-1)], ['claimed 1 new', 'done'], unbroken.stderr);
  return { ownerIn, storeIn, expected: await contentsOf(storeIn('unbroken').path), batches: unbroken.answered.length };
}

/** Runs rounds two at a time, since this machine has two cores. */
async function twoAtATime<Round>(rounds: readonly Round[], run: (round: Round, index: number) => Promise<void>) {
  const waiting = [...rounds.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next[1], next[0]);
  };
  await Promise.all([work(), work()]);
}

describe('an owner of a partition that is stopped in the middle and goes on when another has it', () => {
  const POINTS = [
    ...RECORDING_POINTS.map((point) => [point, 5] as const),
    // One is before a commit, the other after it.
    ...[6, 7].map((passes) => ['after-check', passes] as const),
    ['after-raise', 0] as const,
    ['before-removal', 0] as const,
    // As the product does it, in a thread, and stopped by somebody else.
    ['thread', 0] as const,
  ];

  it('answers nothing more, says that it was fenced, and changes nothing that counts', async (test) => {
    const { ownerIn, storeIn, expected, batches } = await dayOf(test);
    const takenFrom = new Map<string, number>();
    await twoAtATime(POINTS, async ([point, passes], round) => {
      const name = `stopped-${round}`;
      const place = `${point} ${passes}`;
      const stopped = ownerIn(name, 'SIGSTOP', point, `${passes}`);
      const isThread = point === 'thread';
      await stopped.until(isThread ? /^2$/ : /^at /);
      if (isThread) stopped.signal('SIGSTOP');
      await stopped.untilStopped();
      const arrival = isThread ? '2' : `at ${point}`;
      assert.ok(stopped.lines.includes(arrival), `${place}: ${stopped.lines.join(' ')} ${stopped.stderr}`);
      const answered = stopped.answered;
      const next = ownerIn(name);
      // In every other round the first owner wakes while the second is in the middle of its work.
      await (round % 2 === 0 ? next.ended() : next.until(/^\d+$/));
      stopped.signal('SIGCONT');
      await stopped.ended();
      await next.ended();
      assert.ok(stopped.lines.includes('fenced'), `${place}: ${stopped.lines.join(' ')} ${stopped.stderr}`);
      assert.equal(next.lines.at(-1), 'done', `${place}: ${next.stderr}`);
      // What was recorded before it was stopped may still be answered, since the next owner took it over.
      const first = next.answered[0] ?? batches;
      assert.ok((stopped.answered.at(-1) ?? -1) < first, `${place}: batch ${first} was answered by both`);
      assert.equal(stopped.lines.includes('noticed'), isThread, place);
      if (point !== 'after-check' && !isThread) assert.deepEqual(stopped.answered, answered, place);
      assert.ok(first - answered.length <= 1, `${place}: batch ${answered.length} was left out`);
      const { path, names } = storeIn(name);
      assert.deepEqual((await auditStore(path, () => {})).problems, []);
      assert.deepEqual(await contentsOf(path), expected, place);
      assert.equal(names.length, 2, `${place}: ${names}`);
      const from = next.lines[0]?.split(' ')[2] ?? '';
      takenFrom.set(from, (takenFrom.get(from) ?? 0) + 1);
    });
    assert.ok((takenFrom.get('copied') ?? 0) >= RECORDING_POINTS.length, JSON.stringify([...takenFrom]));
    test.diagnostic(JSON.stringify(Object.fromEntries(takenFrom)));
  });
});

describe('owners of a partition that are killed again and again', () => {
  const KILLS = 30;
  const POINTS = [
    'after-raise',
    'before-move',
    'after-move',
    'before-finish',
    'after-finish',
    'before-removal',
    'thread',
    'after-check',
    'thread',
    ...RECORDING_POINTS,
  ];

  it(`${KILLS} times, at named points and at random, lose nothing that they answered`, async (test) => {
    const { ownerIn, storeIn, expected } = await dayOf(test);
    const chances = fc.sample(fc.record({ passes: fc.nat({ max: 5 }), afterMs: fc.nat({ max: 40 }) }), {
      numRuns: 4 * KILLS,
      seed: 7,
    });
    const killedAt = new Map<string, number>();
    let kills = 0;
    let folders = 0;
    let lives = 0;
    await twoAtATime([0, 1], async () => {
      while (kills < KILLS) {
        const name = `killed-${folders++}`;
        let last = -1;
        let lastEpoch = 0n;
        for (let isDone = false; !isDone; ) {
          const chance = chances.pop();
          assert.ok(chance !== undefined, `only ${kills} kills`);
          const point = kills < KILLS ? (POINTS[lives++ % POINTS.length] ?? 'none') : 'none';
          const isRandom = point === 'thread';
          // A claim comes to its own points once; of an owner on another machine the store is copied instead of moved.
          const passes = RECORDING_POINTS.some((known) => known === point) ? chance.passes : 0;
          const machine = point.endsWith('finish') ? ['another machine'] : [];
          const owner = ownerIn(name, 'SIGKILL', point, `${passes}`, ...machine);
          if (isRandom) {
            await owner.until(/^\d+$/);
            await sleep(chance.afterMs);
            owner.signal('SIGKILL');
          }
          const isKilled = (await owner.ended()) === 'SIGKILL';
          isDone = owner.lines.includes('done');
          assert.ok(isKilled || isDone, owner.stderr);
          for (const batch of owner.answered) {
            assert.ok(batch > last, `batch ${batch} was answered twice`);
            last = batch;
          }
          const epoch = BigInt(owner.lines[0]?.match(/^claimed (\d+)/)?.[1] ?? lastEpoch + 1n);
          assert.ok(epoch > lastEpoch, `epoch ${epoch} after ${lastEpoch}`);
          lastEpoch = epoch;
          if (!isKilled) continue;
          kills += 1;
          killedAt.set(point, (killedAt.get(point) ?? 0) + 1);
        }
        const { path, names } = storeIn(name);
        assert.deepEqual((await auditStore(path, () => {})).problems, []);
        assert.deepEqual(await contentsOf(path), expected);
        assert.equal(names.length, 2, `${names}`);
      }
    });
    for (const point of POINTS) assert.ok((killedAt.get(point) ?? 0) > 0, `never killed at ${point}`);
    test.diagnostic(`${kills} kills in ${folders} folders: ${JSON.stringify(Object.fromEntries(killedAt))}`);
  });
});
