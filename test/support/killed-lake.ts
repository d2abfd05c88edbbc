import { writeSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DuckDBConnection } from '@duckdb/node-api';
import { readingColumnsOf } from './evidence.ts';
import { NEVER_PAUSED } from './recording.ts';
import { scanBatchesOf } from './scan-batches.ts';

/**
 * Run as a program: records a file of scans, in small batches, and writes each to a lake, merging small files. Dies at a named
 * point of the writing, or lives until somebody kills it.
 *
 * Arguments: scans, registry, store, lake, the point, and how many times it is passed before.
 */
const BATCH_SCANS = 30;
const LOOK_EVERY = 4;
const [scansPath = '', registryPath = '', db = '', lake = '', point = 'none', passes = '0'] = process.argv.slice(2);

let left = Number(passes);
function reach(named: string): void {
  if (named !== point) return;
  left -= 1;
  if (left === -1) process.kill(process.pid, 'SIGKILL');
}

// Before anything imports these by name.
for (const name of ['rename', 'link', 'rm', 'mkdir'] as const) {
  const call: (...given: never[]) => Promise<unknown> = fsPromises[name];
  Object.assign(fsPromises, {
    [name]: async (...given: never[]) => {
      reach(`before-${name}`);
      const result = await call(...given);
      reach(`after-${name}`);
      return result;
    },
  });
}
syncBuiltinESMExports();
const ask = DuckDBConnection.prototype.runAndReadAll;
DuckDBConnection.prototype.runAndReadAll = async function (...call) {
  const isCopy = call[0].startsWith('copy');
  if (isCopy) reach('before-copy');
  const result = await ask.apply(this, call);
  if (isCopy) reach('after-copy');
  return result;
};

const { Recorder } = await import('../../analytics/index.ts');
const { loadRegistry } = await import('../../verify/registry/index.ts');
const { LakeWriter } = await import('../../analytics/store/lake/lake-writer.ts');
const { mergeSome } = await import('../../analytics/store/lake/merge-process.ts');
const { mergeHere, OWNER, SMALL_LIMITS } = await import('./lake.ts');

const registry = await loadRegistry(registryPath, Date.UTC(2026, 10, 21));
const recorder = await Recorder.open(db, NEVER_PAUSED);
await recorder.setRegistry(registry);
const writer = await LakeWriter.claim(lake, OWNER);
const { signal } = new AbortController();
const batches = await scanBatchesOf(scansPath, BATCH_SCANS);
for (let index = Number((await recorder.positionOf('test')) ?? -1) + 1; index <= batches.length; index++) {
  if (index < batches.length) {
    const readings = readingColumnsOf(batches[index] ?? [], registry);
    await recorder.record([{ readings, source: 'test', position: `${index}` }]);
  }
  if (index % LOOK_EVERY === 0 || index === batches.length) await recorder.detect();
  writeSync(1, `${index}\n`);
  let isAll = false;
  while (!isAll) isAll = await recorder.lakeSource.run((store) => writer.write(store));
  await mergeSome(writer, signal, { limits: SMALL_LIMITS, run: mergeHere });
  await writer.prune();
}
recorder.close();
writeSync(1, 'done\n');
