import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Store, StoreError, StoreReader } from '../../analytics/index.ts';
import { DEFAULT_POLICY } from '../../analytics/judge/index.ts';
import { RecorderThread } from '../../analytics/recorder/index.ts';
import { verdictAt } from '../../indicium/index.ts';
import { indicia } from '../support/command-line.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

async function threadAt(test: TestContext, policy = DEFAULT_POLICY) {
  const path = join(await temporaryFolder(test), 'store.duckdb');
  const thread = await RecorderThread.open(path, NEVER_PAUSED, policy);
  test.after(() => thread.close());
  return { path, thread };
}

describe('the thread that records', () => {
  it('answers batches in the order in which they were handed over, and scans that come again as before', async (test) => {
    const { path, thread } = await threadAt(test);
    const world = new SmallWorld(1, 1);
    const payload = world.frank();
    const scans = [1, 2, 3].map((number) => scanOf({ mark: { kind: 'payload', payload }, mailpieceId: `M${number}` }));
    const again = [...scans, scans[1] ?? scanOf()];
    const answers = await Promise.all(
      again.map((scan, index) => {
        return thread.record({
          readings: readingColumnsOf([scan], world.registry),
          source: 'test',
          position: `${index}`,
        });
      }),
    );
    assert.deepEqual(
      answers.map(({ verdicts, repeated }) => [repeated, verdictAt(verdicts, 0)]),
      [
        [0, { disposition: 'accept', reasons: [] }],
        [0, { disposition: 'divert', reasons: ['copy'] }],
        [0, { disposition: 'divert', reasons: ['copy'] }],
        [1, { disposition: 'divert', reasons: ['copy'] }],
      ],
    );
    assert.equal(await thread.positionOf('test'), '3');
    await thread.setRegistry(world.registry);
    assert.equal(await thread.detect(), 1);
    await thread.close();
    const restored: string[] = [];
    const onRestored = (count: number, of: number) => restored.push(`${count} of ${of}`);
    await (await RecorderThread.open(path, { ...NEVER_PAUSED, onRestored })).close();
    assert.deepEqual(restored, ['0 of 3', '3 of 3']);
    const reader = await StoreReader.open(path);
    assert.equal((await Array.fromAsync(reader.verdicts())).length, 3);
    reader.close();
  });

  it('answers a scan that comes again after its answer was given, with the same answer', async (test) => {
    const { thread } = await threadAt(test);
    const world = new SmallWorld(1, 1);
    const payload = world.frank();
    const scans = [1, 2].map((number) => scanOf({ mark: { kind: 'payload', payload }, mailpieceId: `M${number}` }));
    const record = async (position: string) => {
      const readings = readingColumnsOf(scans, world.registry);
      const { verdicts, repeated } = await thread.record({ readings, source: 'test', position });
      return { repeated, answers: scans.map((_, row) => verdictAt(verdicts, row)) };
    };
    const first = await record('1');
    assert.deepEqual(first.answers[1], { disposition: 'divert', reasons: ['copy'] });
    for (const position of ['2', '3']) assert.deepEqual(await record(position), { ...first, repeated: 2 });
  });

  it('that is given up ends when DuckDB has ended what it is at, and leaves the process and the store whole', async (test) => {
    // A thread that is terminated under DuckDB aborts the process, and this file with it.
    const { path, thread } = await threadAt(test);
    const world = new SmallWorld(1, 1);
    await thread.setRegistry(world.registry);
    const work = Array.from({ length: 40 }, (_, number) => {
      const scans = Array.from({ length: 50 }, () => scanOf({ mark: { kind: 'payload', payload: world.frank() } }));
      const readings = readingColumnsOf(scans, world.registry);
      return [thread.record({ readings, source: 'test', position: `${number}` }), thread.detect()];
    }).flat();
    const settled = Promise.allSettled(work);
    await work[0];
    await thread.abandon();
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    assert.ok(refused.length > 0);
    await assert.rejects(thread.detect(), /given up/);
    const reader = await StoreReader.open(path);
    assert.equal((await Array.fromAsync(reader.verdicts())).length % 50, 0);
    reader.close();
  });

  it('records what comes while it takes in a registry or looks for fraud, one after the other', async (test) => {
    const { thread } = await threadAt(test);
    const world = new SmallWorld(1, 1);
    const work: Promise<unknown>[] = [];
    for (let version = 1; version <= 8; version++) {
      work.push(thread.setRegistry({ ...world.registry, version, digest: `${version}` }));
      const scan = scanOf({ mark: { kind: 'payload', payload: world.frank() } });
      const readings = readingColumnsOf([scan], world.registry);
      work.push(thread.record({ readings, source: 'test', position: `${version}` }), thread.detect());
    }
    await Promise.all(work);
    assert.equal(await thread.positionOf('test'), '8');
  });

  it('answers by the policy that it was given, and records its version', async (test) => {
    const dispositions = { ...DEFAULT_POLICY.dispositions, copy: 'manual' as const };
    const { path, thread } = await threadAt(test, { ...DEFAULT_POLICY, version: 7, dispositions });
    const world = new SmallWorld(1, 1);
    const payload = world.frank();
    const scans = [1, 2].map((number) => scanOf({ mark: { kind: 'payload', payload }, mailpieceId: `M${number}` }));
    const { dispositions: answered } = await thread.record({
      readings: readingColumnsOf(scans, world.registry),
      source: 'test',
      position: null,
    });
    assert.deepEqual(answered, { accept: 1, divert: 0, manual: 1 });
    await thread.close();
    const store = await Store.open(path);
    const versions = await store.connection.runAndReadAll('select distinct policy_version from verdicts');
    store.close();
    assert.deepEqual(versions.getRowsJson(), [['7']]);
  });

  it('says what is wrong with a store, and fails at once where it has ended', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    await writeFile(path, 'this is not a database, although it has enough bytes to be looked at'.repeat(100));
    await assert.rejects(RecorderThread.open(path, NEVER_PAUSED), (error) => {
      return error instanceof StoreError && error.message.includes(path);
    });
    const { thread } = await threadAt(test);
    await thread.close();
    await assert.rejects(thread.positionOf('test'), /has ended/);
    await thread.close();
  });

  it('keeps every other process out of its store', async (test) => {
    const { path } = await threadAt(test);
    for (const args of [
      ['detect', '--db', path],
      ['verdicts', '--db', path],
      ['doctor', '--db', path],
    ]) {
      const { exitCode, stderr } = await indicia(args, { isApart: true });
      assert.equal(exitCode, 2, args.join(' '));
      assert.match(stderr, /another process has this store open/);
    }
  });
});
