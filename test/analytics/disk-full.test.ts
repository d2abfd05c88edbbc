import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { DuckDBConnection } from '@duckdb/node-api';
import { auditStore, Recorder, Store, StoreReader } from '../../analytics/index.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PROGRAM = new URL('../support/full-disk.ts', import.meta.url).pathname;

describe('a store whose disk is full', () => {
  it('is waited for: what was sent is kept, and recorded once there is room, each scan once', async () => {
    // A mount namespace of its own: the tests need not be run by root, and nothing stays mounted.
    const isRoot = process.getuid?.() === 0;
    const unshare = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
    const { stdout } = await promisify(execFile)('unshare', [...unshare, process.execPath, PROGRAM]);
    const { reasons, ...result } = JSON.parse(stdout);
    assert.deepEqual(result, {
      paused: result.paused,
      resumed: result.paused,
      position: '29',
      problems: 0,
      isEachOnce: true,
      accepted: 15_000,
    });
    assert.ok(result.paused >= 3, `the disk was full ${result.paused} times only`);
    for (const reason of reasons) assert.match(reason, /no space left on device/i);
  });
});

describe('a commit that fails', () => {
  const NO_ROOM = 'IO Error: Could not write file: No space left on device';
  for (const [when, isDurable] of [
    ['after it took effect', true],
    ['before it took effect', false],
  ] as const) {
    it(`${when} is looked up, and its scans are recorded once`, async (test) => {
      const path = join(await temporaryFolder(test), 'store.duckdb');
      const world = new SmallWorld(1, 1);
      let paused = 0;
      const recorder = await Recorder.open(path, {
        onPaused: () => void paused++,
        onResumed: () => {},
        sleep: async () => {},
      });
      const record = async (position: string) => {
        const scans = Array.from({ length: 5 }, () => scanOf({ mark: { kind: 'payload', payload: world.frank() } }));
        const readings = readingColumnsOf(scans, world.registry);
        return recorder.record([{ readings, source: 'test', position }]);
      };
      await record('1');
      const run = DuckDBConnection.prototype.run;
      let failures = 1;
      const faulty = test.mock.method(
        DuckDBConnection.prototype,
        'run',
        async function (this: DuckDBConnection, ...call: Parameters<typeof run>) {
          if (call[0] !== 'commit' || failures === 0) return run.apply(this, call);
          failures -= 1;
          if (isDurable) await run.apply(this, call);
          throw new Error(NO_ROOM);
        },
      );
      const [recorded] = await record('2');
      faulty.mock.restore();
      assert.deepEqual([recorded?.scans, paused, failures], [5, 1, 0]);
      assert.equal(await recorder.positionOf('test'), '2');
      recorder.close();
      assert.deepEqual((await auditStore(path, () => {})).problems, []);
      const reader = await StoreReader.open(path);
      const scanIds = (await Array.fromAsync(reader.verdicts())).map(({ scanId }) => scanId);
      reader.close();
      assert.deepEqual([scanIds.length, new Set(scanIds).size], [10, 10]);
    });
  }

  it('is waited out also when the store cannot be opened again at once', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const world = new SmallWorld(1, 1);
    const recorder = await Recorder.open(path, { onPaused: () => {}, onResumed: () => {}, sleep: async () => {} });
    const { run } = DuckDBConnection.prototype;
    let commits = 0;
    test.mock.method(
      DuckDBConnection.prototype,
      'run',
      async function (this: DuckDBConnection, ...call: Parameters<typeof run>) {
        if (call[0] === 'commit' && commits++ === 0) throw new Error(NO_ROOM);
        return run.apply(this, call);
      },
    );
    const { open } = Store;
    let openings = 0;
    test.mock.method(Store, 'open', async (...call: Parameters<typeof open>) => {
      openings += 1;
      if (openings < 3) throw new Error(NO_ROOM);
      return open(...call);
    });
    const scan = scanOf({ mark: { kind: 'payload', payload: world.frank() } });
    const readings = readingColumnsOf([scan], world.registry);
    const [recorded] = await recorder.record([{ readings, source: 'test', position: '1' }]);
    assert.deepEqual([recorded?.scans, openings], [1, 3]);
    recorder.close();
    assert.deepEqual((await auditStore(path, () => {})).problems, []);
  });

  it('holds up a registry and a look for fraud that nothing else waits for, and they are done again', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const world = new SmallWorld(1, 1);
    let paused = 0;
    const ports = { onPaused: () => void paused++, onResumed: () => {}, sleep: async () => {} };
    const recorder = await Recorder.open(path, ports);
    test.after(() => recorder.close());
    const payload = world.frank();
    const scans = ['A', 'B'].map((mailpieceId) => scanOf({ mark: { kind: 'payload', payload }, mailpieceId }));
    await recorder.record([{ readings: readingColumnsOf(scans, world.registry), source: 'test', position: '1' }]);
    const { run } = DuckDBConnection.prototype;
    let failures = 0;
    test.mock.method(
      DuckDBConnection.prototype,
      'run',
      async function (this: DuckDBConnection, ...call: Parameters<typeof run>) {
        if (call[0] !== 'commit' || failures === 0) return run.apply(this, call);
        failures -= 1;
        throw new Error(NO_ROOM);
      },
    );
    failures = 2;
    await recorder.setRegistry(world.registry);
    failures = 1;
    assert.equal(await recorder.detectAlone(), 1);
    assert.deepEqual([paused, failures], [2, 0]);
    failures = 1;
    await assert.rejects(recorder.detect(), /No space left/, 'a look beside the recording does not hold it up');
  });

  it('for another reason is an error', async (test) => {
    const path = join(await temporaryFolder(test), 'store.duckdb');
    const { registry } = new SmallWorld(1, 1);
    const recorder = await Recorder.open(path, { onPaused: () => {}, onResumed: () => {}, sleep: async () => {} });
    test.after(() => recorder.close());
    test.mock.method(DuckDBConnection.prototype, 'createAppender', async () => {
      throw new Error('a broken invariant');
    });
    const readings = readingColumnsOf([scanOf()], registry);
    await assert.rejects(recorder.record([{ readings, source: 'test', position: null }]), /a broken invariant/);
  });
});
