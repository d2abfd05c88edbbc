import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { claimPartition, type FencedError, StoreError } from '../../analytics/index.ts';
import { DEFAULT_POLICY } from '../../analytics/judge/default-policy.ts';
import { claim } from '../../analytics/partition/claim.ts';
import { simulate } from '../../psd-sim/index.ts';
import { indicia } from '../support/command-line.ts';
import { readingColumnsOf, scanOf } from '../support/evidence.ts';
import { SmallWorld } from '../support/marks.ts';
import { OwnerProcess } from '../support/owner-process.ts';
import { NEVER_PAUSED } from '../support/recording.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** That of owner-process.ts. */
const PARTITION = 3;
const SCENARIO = { seed: 5, pieces: 60, psds: 2, licenses: 2, frauds: ['copy'], images: 'none' } as const;
const WAIT_MS_MAX = 20_000;

/** A folder of partitions, readings to record in one, and another process that claims it and records a day. */
async function partitionIn(test: TestContext) {
  const folder = await temporaryFolder(test);
  const world = new SmallWorld(1, 1);
  const batch = (position: string) => {
    const scans = [scanOf({ mark: { kind: 'payload', payload: world.frank() } })];
    return { readings: readingColumnsOf(scans, world.registry), source: 'here', position };
  };
  const stores = join(folder, 'stores');
  const claimOn = async (machine: string) => {
    const order = { kind: 'claim', folder: stores, partition: PARTITION, machine, policy: DEFAULT_POLICY } as const;
    return claim({ ...order, author: null, lake: null }, NEVER_PAUSED);
  };
  const otherProcess = async () => {
    const day = join(folder, 'day');
    await simulate({ ...SCENARIO, dayMs: Date.UTC(2026, 10, 20) }, day);
    const other = new OwnerProcess([join(day, 'scans.ndjson'), join(day, 'registry'), stores]);
    test.after(() => other.signal('SIGKILL'));
    return other;
  };
  return { stores, batch, claimOn, otherProcess };
}

/** Files of a folder that this process has open. */
function openIn(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      // The one that the listing itself was read from.
      return [];
    }
  });
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

describe('the files of a partition', () => {
  it('stay locked by an owner that took a copy over, whatever is collected after that', async (test) => {
    const { batch, claimOn } = await partitionIn(test);
    const before = await claimOn('another machine');
    await before.recorder.record([batch('1')]);
    before.recorder.close();
    const { recorder, claimed } = await claimOn(hostname());
    test.after(() => recorder.close());
    assert.equal(claimed.from, 'copied');
    for (let round = 0; round < 3; round++) {
      collectGarbage();
      await sleep(50);
    }
    const { exitCode, stderr } = await indicia(['verdicts', '--db', claimed.path], { isApart: true });
    assert.notEqual(exitCode, 0);
    assert.match(stderr, new RegExp(`another process has this store open \\(process ${process.pid}\\)`));
  });

  it('are copied where an owner that is closing has given back the lock of the database, and not that of its log', async (test) => {
    const { batch, claimOn, otherProcess } = await partitionIn(test);
    const { recorder, claimed } = await claimOn(hostname());
    test.after(() => recorder.close());
    await recorder.record([batch('1')]);
    // The kernel gives all locks of a process on a file back when it closes the file once.
    closeSync(openSync(claimed.path, 'r'));
    const other = await otherProcess();
    await other.ended();
    assert.deepEqual([other.lines[0], other.lines.at(-1)], ['claimed 3 copied', 'done'], other.stderr);
  });

  it('are given back by an owner without anything to do, as soon as another has claimed them', async (test) => {
    const { stores, batch, otherProcess } = await partitionIn(test);
    const fenced = Promise.withResolvers<FencedError>();
    const owner = await claimPartition(stores, PARTITION, { ...NEVER_PAUSED, onFenced: fenced.resolve });
    await owner.record(batch('1'));
    assert.notDeepEqual(openIn(stores), []);
    const other = await otherProcess();
    const late = setTimeout(() => fenced.reject(new Error('it was never told')), WAIT_MS_MAX);
    const { message } = await fenced.promise;
    clearTimeout(late);
    // Nobody may open them here before, since the locks of a process do not keep it from itself.
    await owner.close();
    assert.deepEqual(openIn(stores), []);
    assert.match(message, new RegExp(`epoch 1 has lost this partition to epoch [23] of process \\d+ on ${hostname()}`));
    await other.ended();
    assert.equal(other.lines.at(-1), 'done', other.stderr);
  });
});

describe('a store whose log another process has locked', () => {
  it('is said to be open elsewhere, not to be broken, and by whom', async (test) => {
    const { batch, claimOn } = await partitionIn(test);
    const { recorder } = await claimOn(hostname());
    test.after(() => recorder.close());
    const said = 'Could not set lock on file "a.wal": Conflicting lock is held in /usr/bin/node (PID 77). See also';
    const { DuckDBConnection } = await import('@duckdb/node-api');
    const run = DuckDBConnection.prototype.run;
    test.mock.method(
      DuckDBConnection.prototype,
      'run',
      async function (this: unknown, sql: string, ...rest: unknown[]) {
        if (sql === 'commit') throw new Error(said);
        return Reflect.apply(run, this, [sql, ...rest]);
      },
    );
    await assert.rejects(recorder.record([batch('1')]), (error) => {
      return error instanceof StoreError && error.fault === 'open-elsewhere' && error.holder === 77;
    });
  });
});
