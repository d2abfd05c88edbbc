import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FRAUDS, simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Starts a run and kills it when it has been recording for a while; false when it was done before that. */
async function runAndKill(args: string[], db: string, afterMs: number): Promise<boolean> {
  const { signal } = await indicia(args, {
    onStart: async (kill) => {
      while (!existsSync(db)) await new Promise((resolve) => setTimeout(resolve, 5));
      setTimeout(kill, afterMs);
    },
  });
  return signal === 'SIGKILL';
}

describe('a run that is killed in the middle', () => {
  it('and started again ends with the verdicts and findings of an unbroken one', async (test) => {
    const folder = await temporaryFolder(test);
    await simulate(
      { seed: 9, pieces: 700, psds: 12, licenses: 8, frauds: FRAUDS, images: 'crops', dayMs: Date.UTC(2026, 10, 20) },
      folder,
    );
    const runInto = (db: string) => ['run', folder, '--registry', join(folder, 'registry'), '--db', db, '--json'];
    const answersOf = async (db: string) => {
      const [verdicts, findings] = [await indicia(['verdicts', '--db', db]), await indicia(['findings', '--db', db])];
      assert.deepEqual([verdicts.exitCode, findings.exitCode], [0, 0]);
      return { verdicts: verdicts.stdout, findings: findings.stdout };
    };
    const unbroken = join(folder, 'unbroken.duckdb');
    assert.equal((await indicia(runInto(unbroken))).exitCode, 0);

    const broken = join(folder, 'broken.duckdb');
    let kills = 0;
    // Later and later, so that the kills fall into start-up, reading, recording and detecting alike.
    for (const afterMs of [150, 400, 600, 800, 1_000, 1_200]) {
      if (await runAndKill(runInto(broken), broken, afterMs)) kills += 1;
    }
    assert.ok(kills >= 3, `only ${kills} of the runs were killed`);
    const last = await indicia(runInto(broken));
    assert.equal(last.exitCode, 0, last.stderr);

    assert.deepEqual(await answersOf(broken), await answersOf(unbroken));
    const scans = jsonLines<{ scanId: string }>(await readFile(join(folder, 'scans.ndjson'), 'utf8'));
    const verdicts = jsonLines<{ scanId: string }>((await answersOf(broken)).verdicts);
    assert.equal(verdicts.length, new Set(scans.map(({ scanId }) => scanId)).size, 'each scan once');
  });
});
