import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { archiveStore, auditStore, detect, Recorder, Store } from '../../analytics/index.ts';
import { DEFAULT_POLICY, type Policy } from '../../analytics/judge/index.ts';
import { Sightings } from '../../analytics/sightings/sightings.ts';
import { type BlockReader, BlockWriter, readBlocks } from '../../analytics/snapshot/blocks.ts';
import { type Scan, verdictAt } from '../../indicium/index.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { RULES, sightingOf } from '../support/sightings.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Small enough for pages to shrink and to be forgotten, and for a clock that goes round. */
const BOUNDS = { livePages: 3, seenPages: 4 };

interface Step {
  readonly set: number;
  readonly count: bigint;
  readonly mailpiece: bigint;
  readonly content: bigint;
  readonly plant: number;
  readonly halfHour: number;
}

const step = fc.record<Step>({
  set: fc.integer({ min: 0, max: 2 }),
  count: fc.oneof(fc.bigInt({ min: 0n, max: 700n }), fc.constantFrom(2n ** 53n + 1n, 2n ** 64n - 1n)),
  mailpiece: fc.bigInt({ min: 0n, max: 3n }),
  content: fc.bigInt({ min: 1n, max: 2n }),
  plant: fc.integer({ min: 0, max: 3 }),
  halfHour: fc.constantFrom(0, 1_000_000, 1_000_001, 1_000_080),
});

function observe(sightings: Sightings, { set, count, ...seen }: Step): string {
  return sightings.observe(set, count, sightingOf(seen)).join();
}

/** Goes through a file, as between two starts. */
function saved(path: string, sightings: Sightings): { readonly blocks: BlockReader; readonly bytes: Buffer } {
  rmSync(path, { force: true });
  const to = new BlockWriter(path);
  sightings.save(to);
  const identity = to.finish();
  to.close();
  const blocks = readBlocks(path, identity);
  assert.ok(blocks !== null);
  return { blocks, bytes: readFileSync(path) };
}

describe('what was seen', () => {
  it('is the same after it was saved and loaded, whatever had been seen', async (test) => {
    const path = join(await temporaryFolder(test), 'sightings');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(step, { maxLength: 40 }), (earlier, later) => {
        const live = new Sightings(RULES, BOUNDS);
        for (let set = 0; set < 3; set++) live.addSet();
        for (const one of earlier) observe(live, one);
        const first = saved(path, live);
        const loaded = new Sightings(RULES, BOUNDS);
        loaded.load(first.blocks);
        assert.ok(saved(path, loaded).bytes.equals(first.bytes), 'saved again');
        for (const one of later) assert.equal(observe(loaded, one), observe(live, one));
      }),
      { numRuns: 15 },
    );
  });
});

/** A plant that scans each mark three times, the third time as a copy of it would be. */
async function plantIn(test: TestContext) {
  const folder = await temporaryFolder(test);
  const path = join(folder, 'store.duckdb');
  const world = new SmallWorld(3, 2);
  const marks = Array.from({ length: 40 }, () => world.frank());
  const scans = (pass: string) =>
    marks.map((payload, index) => {
      const mark = { kind: 'payload', payload } as const;
      return scanOf({ scanId: `${pass}/${index}`, mark, mailpieceId: `${index % 30}`, plant: `1000${index % 7}` });
    });
  const restored: number[] = [];
  const notices: string[] = [];
  const open = (at = path, policy: Policy = DEFAULT_POLICY) => {
    restored.length = 0;
    return Recorder.open(
      at,
      {
        ...NEVER_PAUSED,
        snapshotScansMin: 1,
        onRestored: (shown) => restored.push(shown),
        store: { onNotice: (sentence) => notices.push(sentence) },
      },
      policy,
    );
  };
  const record = async (recorder: Recorder, batch: readonly Scan[], position: string) => {
    const readings = readingColumnsOf(batch, world.registry);
    const [recorded] = await recorder.record([{ readings, source: 'test', position }]);
    assert.ok(recorded !== undefined);
    return batch.map((_, row) => verdictAt(recorded.verdicts, row));
  };
  const close = async (recorder: Recorder, isKept = true) => {
    await recorder.settle();
    if (isKept) await recorder.keepSnapshot();
    recorder.close();
  };
  return { folder, path, snapshot: `${path}.snapshot`, scans, restored, notices, open, record, close };
}

describe('a store that was closed', () => {
  it('is opened from its snapshot, shown only what came after it, and answers as if it had stayed open', async (test) => {
    const plant = await plantIn(test);
    const answers = async (path: string, isReopened: boolean) => {
      let recorder = await plant.open(path);
      const told = [await plant.record(recorder, plant.scans('a'), '1')];
      if (isReopened) {
        await plant.close(recorder);
        recorder = await plant.open(path);
        assert.deepEqual(plant.restored, [40]);
      }
      told.push(await plant.record(recorder, plant.scans('b'), '2'));
      if (isReopened) {
        // As after a kill: the snapshot is older than the store.
        await plant.close(recorder, false);
        recorder = await plant.open(path);
        assert.deepEqual(plant.restored, [40, 80]);
      }
      told.push(await plant.record(recorder, [...plant.scans('c'), ...plant.scans('a')], '3'));
      await plant.close(recorder);
      return told;
    };
    const unbroken = await answers(join(plant.folder, 'unbroken.duckdb'), false);
    assert.deepEqual(await answers(plant.path, true), unbroken);
    assert.ok(unbroken.flat(2).some(({ reasons }) => reasons.length > 0));
    assert.deepEqual((await auditStore(plant.path, () => {})).problems, []);
    assert.deepEqual(plant.notices, []);
  });

  it('believes no snapshot but its own newest one, as it was written', async (test) => {
    const plant = await plantIn(test);
    const recorder = await plant.open();
    await plant.record(recorder, plant.scans('a'), '1');
    await plant.close(recorder);
    const older = readFileSync(plant.snapshot);
    const again = await plant.open();
    await plant.record(again, plant.scans('b'), '2');
    await plant.close(again);
    const whole = readFileSync(plant.snapshot);
    const changed = Buffer.from(whole);
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
    const put = (bytes: Uint8Array) => () => writeFileSync(plant.snapshot, bytes);
    const others: readonly (readonly [string, () => void])[] = [
      ['an older one', put(older)],
      ['one bit changed', put(changed)],
      ['cut off', put(whole.subarray(0, -1))],
      ['longer', put(Buffer.concat([whole, Buffer.alloc(8)]))],
      ['a length of all there is', put(Buffer.alloc(whole.length, 0xff))],
      ['a folder', () => mkdirSync(plant.snapshot)],
      ['missing', () => {}],
    ];
    for (const [name, make] of others) {
      rmSync(plant.snapshot, { recursive: true, force: true });
      make();
      const opened = await plant.open();
      assert.deepEqual(plant.restored, [0, 80], name);
      await plant.close(opened, false);
    }
    rmSync(plant.snapshot, { recursive: true, force: true });
    put(whole)();
    const opened = await plant.open();
    assert.deepEqual(plant.restored, [80]);
    await plant.close(opened, false);
  });

  it('believes none under another policy, after an archive, or beside another store', async (test) => {
    const plant = await plantIn(test);
    const recorder = await plant.open();
    await plant.record(recorder, plant.scans('a'), '1');
    await plant.close(recorder);
    const other = join(plant.folder, 'other.duckdb');
    const emptied = await plant.open(other);
    await plant.record(emptied, plant.scans('a').slice(1), '1');
    await plant.close(emptied);
    copyFileSync(plant.snapshot, `${other}.snapshot`);
    await plant.close(await plant.open(other), false);
    assert.deepEqual(plant.restored, [0, 39]);
    const policy = { ...DEFAULT_POLICY, version: DEFAULT_POLICY.version + 1, digest: 'other' };
    await plant.close(await plant.open(plant.path, policy), false);
    assert.deepEqual(plant.restored, [0, 40]);
    const store = await Store.open(plant.path);
    await detect(store, policy);
    store.close();
    await plant.close(await plant.open(), false);
    assert.deepEqual(plant.restored, [40], 'detectors change nothing that was seen');
    const archive = { folder: join(plant.folder, 'archive'), beforeMs: Number.MAX_SAFE_INTEGER, keep: false };
    assert.equal((await archiveStore(plant.path, archive)).rows, 40);
    await plant.close(await plant.open(), false);
    assert.deepEqual(plant.restored, [0]);
  });

  it('goes without one where it cannot be written, says so, and leaves nothing behind', async (test) => {
    const plant = await plantIn(test);
    const recorder = await plant.open();
    await plant.record(recorder, plant.scans('a'), '1');
    mkdirSync(plant.snapshot);
    writeFileSync(join(plant.snapshot, 'in the way'), '');
    await plant.close(recorder);
    assert.match(
      plant.notices.join('\n'),
      /^\S+store.duckdb: the next start takes longer, since no snapshot was written: E/,
    );
    assert.ok(!existsSync(`${plant.snapshot}.part`));
    await plant.close(await plant.open(), false);
    assert.deepEqual(plant.restored, [0, 40]);
    assert.deepEqual((await auditStore(plant.path, () => {})).problems, []);
  });
});
