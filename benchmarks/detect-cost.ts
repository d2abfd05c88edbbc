import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { detect, Store } from '../analytics/index.ts';
import { Judge } from '../analytics/judge/judge.ts';
import { KnownScans } from '../analytics/recorder/known-scans.ts';
import { rebuild } from '../analytics/recorder/rebuild.ts';
import { fillStore, insertion } from './large-store.ts';

export interface Cost {
  readonly rows: number;
  readonly coldSeconds: number;
  /** Until the sightings and the filter of known scans are there again after a start. */
  readonly rebuildSeconds: number;
  /** Seconds for each of the next batches. */
  readonly nextSeconds: readonly number[];
  readonly findings: number;
  readonly fileBytes: number;
}

const NEXT_ROWS = 10_000;
const NEXT_BATCHES = 5;

export async function measureCost(rows: number, onStep: (step: string) => void): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-detect-'));
  try {
    const store = await Store.open(join(folder, 'large.duckdb'));
    await fillStore(store, rows, onStep);
    onStep('looking at everything');
    const coldSeconds = await secondsOf(() => detect(store));
    onStep('showing everything to the judge again');
    const rebuildSeconds = await secondsOf(() => rebuild(store, { judge: new Judge(), known: new KnownScans() }, 0n));
    const nextSeconds: number[] = [];
    let findings = 0;
    for (let batch = 0; batch < NEXT_BATCHES; batch++) {
      onStep(`looking at the next ${NEXT_ROWS} scans`);
      await store.connection.run(insertion(rows + batch * NEXT_ROWS, rows + (batch + 1) * NEXT_ROWS, rows));
      nextSeconds.push(
        await secondsOf(async () => {
          findings = await detect(store);
        }),
      );
    }
    const size = await store.connection.runAndReadAll(
      'select sum(used_blocks * block_size)::double from pragma_database_size()',
    );
    store.close();
    return { rows, coldSeconds, rebuildSeconds, nextSeconds, findings, fileBytes: Number(size.getRows()[0]?.[0]) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return (performance.now() - startedAtMs) / 1000;
}
