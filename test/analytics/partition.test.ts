import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { claimPartition, FencedError, type PartitionRecorder, Store, StoreError } from '../../analytics/index.ts';
import { copyStore } from '../../analytics/partition/copy-store.ts';
import { PartitionFolder } from '../../analytics/store/partition-folder.ts';
import { verdictAt } from '../../indicium/index.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PARTITION = 7;

/** A folder of partitions, and scans to record there. */
async function partitionIn(test: TestContext) {
  const owners: PartitionRecorder[] = [];
  // Before the hook that removes the folder: an owner fails whose folder is gone before it has closed.
  test.after(async () => void (await Promise.all(owners.map((owner) => owner.close()))));
  const folder = await temporaryFolder(test);
  const world = new SmallWorld(1, 1);
  const fenced: FencedError[] = [];
  const claim = async () => {
    const recorder = await claimPartition(folder, PARTITION, {
      ...NEVER_PAUSED,
      onFenced: (error) => fenced.push(error),
    });
    owners.push(recorder);
    return recorder;
  };
  const payload = world.frank();
  const scans = [1, 2].map((number) => scanOf({ mark: { kind: 'payload', payload }, mailpieceId: `M${number}` }));
  const batch = (position: string) => ({
    readings: readingColumnsOf(scans, world.registry),
    source: 'topic/7',
    position,
  });
  return { folder, claim, batch, fenced, marker: () => PartitionFolder.open(folder, PARTITION) };
}

describe('a partition', () => {
  it('goes from owner to owner with all that was recorded, under a higher epoch each time', async (test) => {
    const { claim, batch } = await partitionIn(test);
    const first = await claim();
    assert.deepEqual([first.epoch, first.from, await first.positionOf('topic/7')], [1n, 'new', null]);
    const { verdicts } = await first.record(batch('41'));
    await first.close();
    const second = await claim();
    assert.deepEqual([second.epoch, second.from, await second.positionOf('topic/7')], [2n, 'moved', '41']);
    const again = await second.record(batch('42'));
    assert.equal(again.repeated, 2);
    assert.deepEqual(verdictAt(again.verdicts, 1), verdictAt(verdicts, 1));
  });

  it('is taken from an earlier claim of the same process, which answers what it had begun and no more', async (test) => {
    const { claim, batch, fenced } = await partitionIn(test);
    const first = await claim();
    const begun = first.record(batch('1'));
    const second = await claim();
    assert.equal((await begun).scans, 2);
    assert.deepEqual([second.from, await second.positionOf('topic/7')], ['moved', '1']);
    await assert.rejects(first.record(batch('2')), FencedError);
    assert.equal(fenced.length, 1);
  });

  it('is lost to a process that claims it elsewhere: nothing more is recorded, and its owner is told', async (test) => {
    const { claim, batch, fenced, marker } = await partitionIn(test);
    const owner = await claim();
    await owner.record(batch('1'));
    assert.equal(marker().raise(), 2n);
    await assert.rejects(owner.record(batch('2')), /epoch 1 has lost this partition to epoch 2/);
    await assert.rejects(owner.detect(), FencedError);
    assert.equal(fenced.length, 1);
    const next = await claim();
    assert.deepEqual([next.epoch, next.from, await next.positionOf('topic/7')], [3n, 'moved', '1']);
  });

  it('begins anew where its store has lost what was acknowledged, and keeps that for a person', async (test) => {
    const { claim, batch } = await partitionIn(test);
    const first = await claim();
    await first.record(batch('1'));
    await first.close();
    await rm(first.path);
    const second = await claim();
    assert.deepEqual([second.from, await second.positionOf('topic/7')], ['replay', null]);
    assert.equal((await second.record(batch('1'))).scans, 2);
    const kept = (await readdir(join(second.path, '..', '..'))).filter((name) => name.startsWith('set-aside-'));
    assert.equal(kept.length, 1);
    await second.close();
    assert.equal((await claim()).from, 'moved');
  });

  it('is refused where its store is of another version of this program, and is left as it is', async (test) => {
    const { claim } = await partitionIn(test);
    const first = await claim();
    await first.close();
    const setVersion = async (path: string, version: number) => {
      const store = await Store.open(path);
      await store.connection.run(`update store_version set version = ${version}`);
      store.close();
    };
    await setVersion(first.path, 99);
    for (const epoch of [2n, 3n]) {
      await assert.rejects(claim(), (error) => {
        return (
          error instanceof StoreError && error.message.includes('version 99') && error.message.includes(`${epoch}`)
        );
      });
    }
  });

  it('whose folder is removed while it records fails what is asked of it, and names the folder', async (test) => {
    const { folder, claim, batch } = await partitionIn(test);
    const recorder = await claim();
    await rm(folder, { recursive: true });
    await assert.rejects(recorder.record(batch('1')), /partition-0007: a partition without its marker/);
  });

  it('whose folder has lost its marker is refused, with the folder named', async (test) => {
    const { folder, claim } = await partitionIn(test);
    mkdirSync(join(folder, 'partition-0007'));
    await assert.rejects(claim(), /partition-0007: a partition without its marker/);
  });
});

describe('a copy of a store', () => {
  it('is refused when the store was written to meanwhile, when rows are missing or were changed', async (test) => {
    const { folder, claim, batch } = await partitionIn(test);
    const owner = await claim();
    await owner.record(batch('1'));
    const to = join(folder, 'copy', 'store.duckdb');
    assert.equal(await copyStore(owner.path, to), true);
    await owner.close();
    assert.equal(await copyStore(owner.path, to), true);
    // The copy is made when the call returns, and compared after that.
    const torn = copyStore(owner.path, to);
    appendFileSync(owner.path, 'x');
    assert.equal(await torn, false);
    const store = await Store.open(owner.path);
    await store.connection.run('update evidence set weight_grams = 7 where row_id = 1');
    store.close();
    assert.equal(await copyStore(owner.path, to), false);
    await rm(owner.path);
    assert.equal(await copyStore(owner.path, to), false);
  });
});
