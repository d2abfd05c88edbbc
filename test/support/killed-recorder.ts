import { writeSync } from 'node:fs';
import { Recorder } from '../../analytics/index.ts';
import { loadRegistry } from '../../verify/registry/index.ts';
import { readingColumnsOf } from './evidence.ts';
import { NEVER_PAUSED } from './recording.ts';
import { scanBatchesOf } from './scan-batches.ts';
import { atPoint } from './work-points.ts';

/**
 * Run as a program: records a file of scans, in small batches, from the position in its store on, and says of each batch
 * when it is durable. Dies at a named point of its work, or lives until somebody kills it.
 *
 * Arguments: scans, registry, store, the point, and how many times it is passed before.
 */
const BATCH_SCANS = 20;
const LOOK_EVERY = 20;
const [scansPath = '', registryPath = '', db = '', point = 'none', passes = '0'] = process.argv.slice(2);

const dieAt = atPoint(point, Number(passes), () => process.kill(process.pid, 'SIGKILL'));

const registry = await loadRegistry(registryPath, Date.UTC(2026, 10, 21));
const recorder = await Recorder.open(db, NEVER_PAUSED);
dieAt('after-open');
// What is noted in the ledger is committed and anchored as batches are, and may be killed there as well.
await recorder.setRegistry(registry);
const batches = await scanBatchesOf(scansPath, BATCH_SCANS);
for (let index = Number((await recorder.positionOf('test')) ?? -1) + 1; index < batches.length; index++) {
  const readings = readingColumnsOf(batches[index] ?? [], registry);
  await recorder.record([{ readings, source: 'test', position: `${index}` }]);
  writeSync(1, `${index}\n`);
  if (index % LOOK_EVERY !== LOOK_EVERY - 1) continue;
  await recorder.detect();
  await recorder.findingDelta(0);
}
dieAt('before-close');
recorder.close();
writeSync(1, 'done\n');
