import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { auditLake } from '../../analytics/store/lake/audit-lake.ts';
import { simulate } from '../../psd-sim/index.ts';
import { type Life, live } from '../support/killed-process.ts';
import { tablesOf } from '../support/lake.ts';
import { temporaryFolder } from '../support/temporary.ts';

const PROGRAM = fileURLToPath(new URL('../support/killed-lake.ts', import.meta.url));
const STEPS = ['copy', 'rename', 'link', 'rm', 'mkdir'];
const POINTS = STEPS.flatMap((step) => [`before-${step}`, `after-${step}`]);
/** Each of its lives starts a process and opens a store: 100 take some three minutes of two cores. */
const KILLS = Number(process.env.INDICIA_KILLS ?? 12);
const TIMEOUT_MS = 1_800_000;

function isDone({ lines }: Life): boolean {
  return lines.at(-1) === 'done';
}

describe('a lake whose writer is killed again and again', () => {
  it(`${KILLS} times, at named points and at random, merging included, ends as that of an unbroken run`, {
    timeout: TIMEOUT_MS,
  }, async (test) => {
    const folder = await temporaryFolder(test);
    const frauds = ['copy', 'fork', 'forged'] as const;
    const scenario = { seed: 5, pieces: 160, psds: 6, licenses: 4, frauds: [...frauds], images: 'none' } as const;
    await simulate({ ...scenario, dayMs: Date.UTC(2026, 10, 20) }, folder);
    const given = [join(folder, 'scans.ndjson'), join(folder, 'registry')];
    const unbroken = await live(PROGRAM, [...given, join(folder, 'unbroken.duckdb'), join(folder, 'unbroken')], null);
    assert.ok(isDone(unbroken), unbroken.stderr);
    const expected = await tablesOf(join(folder, 'unbroken'));

    const random = fc.sample(
      fc.record({ point: fc.nat(), passes: fc.nat({ max: 16 }), afterMs: fc.nat({ max: 900 }) }),
      { numRuns: 4 * KILLS + 20, seed: 12 },
    );
    let kills = 0;
    const killedAt = new Map<string, number>();
    for (let lakes = 0; kills < KILLS; lakes++) {
      const db = join(folder, `broken-${lakes}.duckdb`);
      const lake = join(folder, `broken-${lakes}`);
      for (let isOver = false; !isOver; ) {
        const chance = random.pop();
        assert.ok(chance !== undefined, `only ${kills} kills`);
        const isRandom = chance.point % 3 === 0;
        const point = isRandom ? 'none' : (POINTS[chance.point % POINTS.length] ?? 'none');
        const life = await live(
          PROGRAM,
          [...given, db, lake, point, `${chance.passes}`],
          isRandom ? chance.afterMs : null,
        );
        assert.ok(life.isKilled || isDone(life), life.stderr);
        if (life.isKilled) {
          kills += 1;
          const cause = isRandom ? 'random' : point;
          killedAt.set(cause, (killedAt.get(cause) ?? 0) + 1);
        }
        isOver = isDone(life);
      }
      assert.deepEqual((await auditLake(lake, () => {})).problems, []);
      const tables = await tablesOf(lake);
      assert.deepEqual(tables, await tablesOf(db));
      // What was found is told with the moment at which it was.
      assert.deepEqual(tables.evidence, expected.evidence);
    }
    test.diagnostic(`${kills} kills: ${JSON.stringify(Object.fromEntries(killedAt))}`);
  });
});
