import type { Policy } from '../analytics/judge/index.ts';
import { RecorderThread, type StorePorts } from '../analytics/recorder/index.ts';
import type { ImageCounts } from '../decode/process/index.ts';
import type { ScanSource } from '../scans/index.ts';
import { type LakeBehind, LakeWatch } from './lake-watch.ts';
import { emptySummary, type RunSummary, runPipeline } from './pipeline.ts';
import type { Faults } from './reader.ts';
import { createReaderPool } from './reader-pool.ts';
import { RegistryInUse } from './registry-in-use.ts';
import { TrustWatch } from './trust-watch.ts';

interface RunOptions {
  readonly registry: string;
  readonly db: string;
  readonly policy: Policy;
  readonly workers?: number | undefined;
  /** Folder of the lake that is written beside the store. */
  readonly lake?: string | undefined;
}

interface RunPorts {
  readonly nowMs: () => number;
  /** When scans are received; not given where nobody knows. */
  readonly receivedAtMs: (() => number) | undefined;
  readonly store: StorePorts;
  /** A sentence that a person must know. */
  readonly onNotice: (sentence: string) => void;
  /** Scans at which the program failed. */
  readonly onFaults: (faults: Faults) => void;
  readonly onProgress: (summary: RunSummary) => void;
  readonly onDetecting: () => void;
}

export interface RunReport extends RunSummary {
  /** Images by the rung of the ladder that read them, or the reason why none did. */
  readonly images: ImageCounts;
  readonly findings: number;
  /** How far the lake is behind at the end; null where none is written. */
  readonly lake: LakeBehind | null;
  readonly secondsTotal: number;
}

/** Runs the pipeline over the sources, one after another, and then the detectors. */
export async function run(
  sources: readonly ScanSource[],
  { registry: folder, db, policy, workers, lake: lakeFolder }: RunOptions,
  ports: RunPorts,
): Promise<RunReport> {
  const startedAtMs = performance.now();
  const trust = await TrustWatch.open(folder, {
    nowMs: ports.nowMs,
    onRefused: (error) => ports.onNotice(`a newer registry was not accepted: ${error.message}`),
  });
  const lake = lakeFolder === undefined ? undefined : new LakeWatch(lakeFolder, ports.onNotice);
  const notices = {
    onPaused: (reason: string) => ports.onNotice(`paused, nothing is lost: ${db} cannot be written: ${reason}`),
    onResumed: () => ports.onNotice(`${db} can be written again; going on`),
    store: ports.store,
    lake,
  };
  // Its threads load while the store opens.
  const readers = createReaderPool(() => trust.current, workers, {
    onFaults: ports.onFaults,
    receivedAtMs: ports.receivedAtMs,
  });
  const recorder = await RecorderThread.open(db, notices, policy).catch(async (error: unknown) => {
    await readers.close();
    throw error;
  });
  const registry = new RegistryInUse(recorder, trust);
  const summary = emptySummary();
  let findings: number;
  try {
    await registry.take();
    trust.start();
    for (const source of sources) {
      await runPipeline({ source, readers, recorder, onProgress: ports.onProgress }, summary);
    }
    ports.onDetecting();
    await trust.stop();
    findings = await registry.before(() => recorder.detectAlone());
  } finally {
    await trust.stop();
    await readers.close();
    await recorder.close();
  }
  const secondsTotal = (performance.now() - startedAtMs) / 1000;
  return { ...summary, images: readers.imageCounts, findings, lake: lake?.behind ?? null, secondsTotal };
}
