import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RecorderThread } from '../analytics/recorder/index.ts';
import { runPipeline } from '../app/pipeline.ts';
import { createReaderPool } from '../app/reader-pool.ts';
import { openSource } from '../ingest/index.ts';
import { loadRegistry } from '../verify/registry/index.ts';

/** What `indicia run` does with a file of scans, in a process of its own, after other scans have warmed it. */

const SELF = fileURLToPath(import.meta.url);

/** Scans a second from the file to durable verdicts. The folder holds registry/, warming.ndjson and pieces.ndjson. */
export async function runRate(folder: string, db: string, nowMs: number): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [SELF, folder, db, String(nowMs)]);
  return Number(stdout);
}

async function measure(folder: string, db: string, nowMs: number): Promise<number> {
  const registry = await loadRegistry(join(folder, 'registry'), nowMs);
  const recorder = await RecorderThread.open(db, { onPaused: refuse, onResumed: () => {} });
  await recorder.setRegistry(registry);
  const readers = createReaderPool(() => registry, availableParallelism());
  const passed = async (name: string) => {
    const source = await openSource(join(folder, name), process.stdin);
    return await runPipeline({ source, readers, recorder });
  };
  await passed('warming.ndjson');
  const startedAtMs = performance.now();
  const { scans } = await passed('pieces.ndjson');
  const rate = (scans * 1000) / (performance.now() - startedAtMs);
  await readers.close();
  await recorder.close();
  return rate;
}

function refuse(reason: string): never {
  throw new Error(reason);
}

if (process.argv[1] === SELF) {
  const [, , folder = '', db = '', nowMs = ''] = process.argv;
  process.stdout.write(String(await measure(folder, db, Number(nowMs))));
}
