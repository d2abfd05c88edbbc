import { setTimeout as sleep } from 'node:timers/promises';
import { Stage } from '../../ingest/kafka/index.ts';
import type { LiveStore } from '../../server/index.ts';
import { mayClaimAgain } from './partition-stores.ts';
import { openStageApi } from './stage-api.ts';
import type { StageOptions, StagePorts } from './stage-ports.ts';
import { countsOf, lakesOf, type StageSummary, type StageTally } from './stage-tally.ts';

const NO_STORES: ReadonlyMap<string, LiveStore> = new Map();
const PROGRESS_EVERY_MS = 1_000;
const DRAINED_POLL_MS = 250;

/** One member of a stage, with its numbers, until it is told to stop or nothing is left. */
export async function serveStage(
  stagePorts: Pick<Parameters<typeof Stage.start>[0], 'client' | 'topic' | 'group' | 'tasks'>,
  options: StageOptions,
  tally: StageTally,
  ports: StagePorts,
  stores: () => ReadonlyMap<string, LiveStore> = () => NO_STORES,
): Promise<StageSummary> {
  const { sessionSeconds, untilDrained } = options;
  const startedAtMs = performance.now();
  const stage = await Stage.start({
    ...stagePorts,
    sessionMs: sessionSeconds * 1000,
    isExpected: mayClaimAgain,
    onRecoverableError: (error) => ports.onNotice(`going on after: ${error.message}`),
  });
  const measures = {
    counters: () => stage.counters,
    totals: () => countsOf(tally),
    ignored: () => tally.ignored,
    unchecked: () => tally.unchecked,
    lakes: () => lakesOf(tally),
    stores,
  };
  const api = options.api === null ? null : await openStageApi(options.api, measures, ports);
  let last = stage.counters;
  const show = async () => {
    last = stage.counters;
    await ports.onProgress(tally, last);
  };
  const timer = setInterval(() => void show(), PROGRESS_EVERY_MS);
  try {
    await Promise.race([stage.broken, untilDrained ? drained(stage, ports.stopped) : aborted(ports.stopped)]);
    await show();
  } finally {
    clearInterval(timer);
    await api?.close();
    await stage.stop();
  }
  return { tally, counters: last, secondsTotal: Number(((performance.now() - startedAtMs) / 1000).toFixed(3)) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function drained(stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await stage.isDrained())) await sleep(DRAINED_POLL_MS);
}
