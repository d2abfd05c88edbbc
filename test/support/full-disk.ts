import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditStore, Recorder, StoreReader } from '../../analytics/index.ts';
import { readingColumnsOf, scanOf } from './evidence.ts';
import { SmallWorld } from './marks.ts';

/**
 * Run as a program in a mount namespace of its own: records scans into a file system of a few megabytes that is filled
 * up again and again, and prints what happened as JSON.
 */
const BATCHES = 30;
const BATCH_SCANS = 500;

const folder = mkdtempSync(join(tmpdir(), 'indicia-full-'));
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder]);
try {
  process.stdout.write(JSON.stringify(await recordOnFullDisk(join(folder, 'store.duckdb'))));
} finally {
  execFileSync('umount', ['--lazy', folder]);
  rmSync(folder, { recursive: true });
}

async function recordOnFullDisk(path: string) {
  const world = new SmallWorld(1, 1);
  const ballast = join(folder, 'ballast');
  const reasons: string[] = [];
  let resumed = 0;
  const recorder = await Recorder.open(path, {
    onPaused: (reason) => {
      reasons.push(reason);
      // Somebody makes room a little later.
      setTimeout(() => rmSync(ballast, { force: true }), 300);
    },
    onResumed: () => {
      resumed += 1;
    },
    sleep: (ms) => sleep(ms / 5),
  });
  const sent: string[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    if (batch % 5 === 2) {
      const { bavail, bsize } = statfsSync(folder);
      // Room for a part of the batch, less each time.
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 2 ** 16 * (1 + ((BATCHES - batch) % 4)))));
    }
    const scans = Array.from({ length: BATCH_SCANS }, () => {
      return scanOf({ mark: { kind: 'payload', payload: world.frank() } });
    });
    sent.push(...scans.map(({ scanId }) => scanId));
    const readings = readingColumnsOf(scans, world.registry);
    const [recorded] = await recorder.record([{ readings, source: 'test', position: `${batch}` }]);
    assert.equal(recorded?.scans, BATCH_SCANS);
  }
  const position = await recorder.positionOf('test');
  recorder.close();
  const { problems } = await auditStore(path, () => {});
  const reader = await StoreReader.open(path);
  const verdicts = await Array.fromAsync(reader.verdicts());
  reader.close();
  return {
    paused: reasons.length,
    resumed,
    reasons,
    position,
    problems: problems.length,
    isEachOnce: JSON.stringify(verdicts.map(({ scanId }) => scanId)) === JSON.stringify(sent),
    accepted: verdicts.filter(({ disposition }) => disposition === 'accept').length,
  };
}
