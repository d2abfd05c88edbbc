import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoreReader } from '../../analytics/index.ts';
import { FRAUDS, simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Starts a run and kills it as soon as `isTime` says so; false when it was done before that. */
async function runAndKill(args: string[], isTime: () => boolean): Promise<boolean> {
  const { signal } = await indicia(args, {
    onStart: async (kill) => {
      const giveUpAtMs = performance.now() + 60_000;
      while (!isTime() && performance.now() < giveUpAtMs) await new Promise((resolve) => setTimeout(resolve, 1));
      kill();
    },
  });
  return signal === 'SIGKILL';
}

const bytesOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

/** Rows in the store, and how many distinct scans its source position says were read. */
async function recorded(db: string, lines: readonly string[]): Promise<{ rows: number; read: number }> {
  const reader = await StoreReader.open(db);
  const rows = (await Array.fromAsync(reader.verdicts())).length;
  const [chunk = []] = await Array.fromAsync((await reader.stream('select position from source_position')).yieldRows());
  reader.close();
  const line = Number(JSON.parse(String(chunk[0]?.[0] ?? '{"line":0}')).line);
  return { rows, read: new Set(lines.slice(0, line).map((text) => JSON.parse(text).scanId)).size };
}

describe('a run that is killed in the middle', () => {
  it('and started again ends with the verdicts and findings of an unbroken one', async (test) => {
    const folder = await temporaryFolder(test);
    const dayMs = Date.UTC(2026, 10, 20);
    // What a process has read before decides over the hardest crops, and a kill forgets it: this day has none.
    await simulate({ seed: 10, pieces: 700, psds: 12, licenses: 8, frauds: FRAUDS, images: 'crops', dayMs }, folder);
    const lines = (await readFile(join(folder, 'scans.ndjson'), 'utf8')).trim().split('\n');
    const runInto = (db: string) => ['run', folder, '--registry', join(folder, 'registry'), '--db', db, '--json'];
    const answersOf = async (db: string) => {
      const [verdicts, findings] = [await indicia(['verdicts', '--db', db]), await indicia(['findings', '--db', db])];
      assert.deepEqual([verdicts.exitCode, findings.exitCode], [0, 0]);
      return { verdicts: verdicts.stdout, findings: findings.stdout };
    };
    const unbroken = join(folder, 'unbroken.duckdb');
    assert.equal((await indicia(runInto(unbroken))).exitCode, 0);

    const broken = join(folder, 'broken.duckdb');
    const seen: number[] = [];
    let previous = 0;
    for (let kills = 0; kills < 8; kills++) {
      // The write-ahead log grows with every commit: each kill waits for one commit more than the one before.
      const sizes = new Set<number>();
      const isTime = () => sizes.add(bytesOf(`${broken}.wal`)).size > 2 + kills;
      if (!(await runAndKill(runInto(broken), isTime))) break;
      if (bytesOf(broken) === 0) continue;
      const { rows, read } = await recordedOrNothing(broken, lines);
      assert.equal(rows, read, 'rows and source position belong together');
      assert.ok(rows >= previous, 'what was recorded stays');
      previous = rows;
      seen.push(rows);
    }
    const total = new Set(lines.map((text) => JSON.parse(text).scanId)).size;
    assert.ok(
      seen.some((rows) => rows > 0 && rows < total),
      `no kill fell into the recording: ${seen} of ${total}`,
    );
    const last = await indicia(runInto(broken));
    assert.equal(last.exitCode, 0, last.stderr);
    assert.deepEqual(await answersOf(broken), await answersOf(unbroken));
    assert.equal(jsonLines((await answersOf(broken)).verdicts).length, total, 'each scan once');
  });

  it('at its very start leaves a store that the next run can use', async (test) => {
    const folder = await temporaryFolder(test);
    const dayMs = Date.UTC(2026, 10, 20);
    await simulate({ seed: 9, pieces: 20, psds: 3, licenses: 2, frauds: [], images: 'none', dayMs }, folder);
    for (let attempt = 0; attempt < 4; attempt++) {
      const db = join(folder, `early-${attempt}.duckdb`);
      const run = ['run', folder, '--registry', join(folder, 'registry'), '--db', db, '--json'];
      await runAndKill(run, () => existsSync(db));
      const again = await indicia(run);
      assert.equal(again.exitCode, 0, again.stderr);
    }
    const reserved = join(folder, 'reserved.duckdb');
    await writeFile(reserved, '');
    const run = await indicia(['run', folder, '--registry', join(folder, 'registry'), '--db', reserved, '--json']);
    assert.equal(run.exitCode, 0, run.stderr);
  });
});

/** A store whose tables were not made yet holds nothing. */
async function recordedOrNothing(db: string, lines: readonly string[]): Promise<{ rows: number; read: number }> {
  try {
    return await recorded(db, lines);
  } catch (error) {
    if (error instanceof Error && error.message.includes('not a store of this program')) return { rows: 0, read: 0 };
    throw error;
  }
}
