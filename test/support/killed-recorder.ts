import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { Recorder } from '../../analytics/index.ts';
import { Anchor } from '../../analytics/store/anchor.ts';
import type { Scan } from '../../indicium/index.ts';
import { parseScanLines } from '../../ingest/index.ts';
import { ScanLinesBuilder } from '../../ingest/scan-lines.ts';
import { loadRegistry } from '../../verify/index.ts';
import { readingColumnsOf } from './evidence.ts';
import { NEVER_PAUSED } from './recording.ts';

/**
 * Run as a program: records a file of scans, in small batches, from the position in its store on, and says of each batch
 * when it is durable. Dies at a named point of its work, or lives until somebody kills it.
 *
 * Arguments: scans, registry, store, the point, and how many times it is passed before.
 */
const BATCH_SCANS = 20;
const [scansPath = '', registryPath = '', db = '', point = 'none', passes = '0'] = process.argv.slice(2);

let left = Number(passes);
function die(): void {
  left -= 1;
  if (left < 0) process.kill(process.pid, 'SIGKILL');
}

function dieAt(named: string): void {
  if (named === point) die();
}

const append = DuckDBAppender.prototype.appendDataChunk;
DuckDBAppender.prototype.appendDataChunk = function (chunk) {
  append.call(this, chunk);
  dieAt('between-appends');
};
const run = DuckDBConnection.prototype.run;
DuckDBConnection.prototype.run = async function (...call) {
  if (call[0] === 'commit') dieAt('before-commit');
  const result = await run.apply(this, call);
  if (call[0] === 'begin') dieAt('after-begin');
  if (call[0] === 'commit') dieAt('after-commit');
  return result;
};
const anchored = Anchor.prototype.write;
Anchor.prototype.write = function (end) {
  dieAt('before-anchor');
  anchored.call(this, end);
  dieAt('after-anchor');
};

const registry = await loadRegistry(registryPath, Date.UTC(2026, 10, 21));
const recorder = await Recorder.open(db, NEVER_PAUSED);
dieAt('after-open');
const batches = await batchesOf(scansPath);
for (let index = Number((await recorder.positionOf('test')) ?? -1) + 1; index < batches.length; index++) {
  const readings = readingColumnsOf(batches[index] ?? [], registry);
  await recorder.record([{ readings, source: 'test', position: `${index}` }]);
  writeSync(1, `${index}\n`);
}
dieAt('before-close');
recorder.close();
writeSync(1, 'done\n');

async function batchesOf(path: string): Promise<Scan[][]> {
  const lines = (await readFile(path)).toString().trimEnd().split('\n');
  const builder = new ScanLinesBuilder(path, { imageFolder: '.' });
  for (const line of lines)
    builder.add({ bytes: Buffer.from(line), skippedDigest: null, endOffset: 0, isTerminated: true });
  const scans = [...parseScanLines(builder.take(lines.length))];
  return Array.from({ length: Math.ceil(scans.length / BATCH_SCANS) }, (_, index) => {
    return scans.slice(index * BATCH_SCANS, (index + 1) * BATCH_SCANS);
  });
}
