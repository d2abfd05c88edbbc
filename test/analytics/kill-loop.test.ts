import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { auditStore } from '../../analytics/index.ts';
import { simulate } from '../../psd-sim/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { RECORDING_POINTS } from '../support/work-points.ts';

const PROGRAM = fileURLToPath(new URL('../support/killed-recorder.ts', import.meta.url));
const POINTS = ['after-open', ...RECORDING_POINTS, 'before-close'];
const KILLS = Number(process.env.INDICIA_KILLS ?? 200);
/** Each of its lives (240 for 200 kills) starts a process and opens a store, which takes two seconds where both processors are busy. */
const TIMEOUT_MS = 900_000;
/** A store comes to its end after a few kills; then another is begun. */
const STORES_AT_ONCE = 2;

interface Life {
  readonly isKilled: boolean;
  readonly isDone: boolean;
  /** The batches that were acknowledged, by number. */
  readonly acknowledged: readonly number[];
  readonly stderr: string;
}

/** One life of the recording program, which ends by its own hand at a point, or by ours after some milliseconds. */
async function live(args: readonly string[], killAfterMs: number | null): Promise<Life> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let stderr = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    // The clock starts when it has begun to record.
    if (killAfterMs !== null) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const signal = await new Promise((resolve) => child.on('close', (_, how) => resolve(how)));
  clearTimeout(timer);
  const lines = output.split('\n').slice(0, -1);
  return {
    isKilled: signal === 'SIGKILL',
    isDone: lines.includes('done'),
    acknowledged: lines.filter((line) => line !== 'done').map(Number),
    stderr,
  };
}

/** Everything that is stored of the scans, in its order. */
async function contentsOf(path: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll('select * exclude (source) from evidence order by row_id');
  const rows = result.getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

describe('a recorder that is killed again and again', () => {
  it(`${KILLS} times, at named points and at random, ends with the store of an unbroken run`, {
    timeout: TIMEOUT_MS,
  }, async (test) => {
    const folder = await temporaryFolder(test);
    const scenario = {
      seed: 5,
      pieces: 500,
      psds: 6,
      licenses: 4,
      frauds: ['copy', 'fork', 'forged'],
      images: 'none',
    } as const;
    await simulate({ ...scenario, dayMs: Date.UTC(2026, 10, 20) }, folder);
    const given = [join(folder, 'scans.ndjson'), join(folder, 'registry')];
    const unbroken = join(folder, 'unbroken.duckdb');
    const whole = await live([...given, unbroken], null);
    assert.ok(whole.isDone, whole.stderr);
    const expected = await contentsOf(unbroken);

    const random = fc.sample(
      fc.record({ point: fc.nat(), passes: fc.nat({ max: 12 }), afterMs: fc.nat({ max: 60 }) }),
      { numRuns: 4 * KILLS, seed: 11 },
    );
    let kills = 0;
    const killedAt = new Map<string, number>();
    let stores = 0;
    const breakStores = async () => {
      while (kills < KILLS) {
        const db = join(folder, `broken-${stores++}.duckdb`);
        let last = -1;
        for (let isDone = false; !isDone; ) {
          const chance = random.pop();
          assert.ok(chance !== undefined, `only ${kills} kills`);
          const isRandom = chance.point % 2 === 0;
          const point = isRandom ? 'none' : (POINTS[(chance.point >> 1) % POINTS.length] ?? 'none');
          const life = await live([...given, db, point, `${chance.passes}`], isRandom ? chance.afterMs : null);
          assert.ok(life.isKilled || life.isDone, life.stderr);
          // What was acknowledged is never read again, and nothing is left out.
          for (const batch of life.acknowledged) {
            assert.ok(batch > last, `batch ${batch} was acknowledged twice`);
            last = batch;
          }
          if (life.isKilled) {
            kills += 1;
            const cause = isRandom ? 'random' : point;
            killedAt.set(cause, (killedAt.get(cause) ?? 0) + 1);
          }
          isDone = life.isDone;
        }
        assert.deepEqual((await auditStore(db, () => {})).problems, []);
        assert.deepEqual(await contentsOf(db), expected);
      }
    };
    await Promise.all(Array.from({ length: STORES_AT_ONCE }, breakStores));
    for (const point of ['random', ...POINTS]) assert.ok((killedAt.get(point) ?? 0) > 0, `never killed at ${point}`);
    test.diagnostic(`${kills} kills over ${stores} stores: ${JSON.stringify(Object.fromEntries(killedAt))}`);
  });
});
