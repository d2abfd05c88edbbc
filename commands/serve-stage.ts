import { setTimeout as sleep } from 'node:timers/promises';
import type { IgnoredCount } from '../app/index.ts';
import type { UncheckedCounts } from '../indicium/index.ts';
import { Stage, type StageCounters } from '../ingest/index.ts';
import type { LiveStore } from '../server/index.ts';
import type { KafkaOptions } from './kafka/kafka-options.ts';
import type { ListenerFlags } from './listener-flags.ts';
import { mayClaimAgain } from './partition-stores.ts';
import { openStageApi } from './stage-api.ts';
import { stopSignal } from './stop-signal.ts';
import { count, Progress, plural, print, printJson, rate, type Terminal, warn } from './terminal.ts';

export const STAGES = ['read', 'judge'] as const;
export type StageName = (typeof STAGES)[number];

export interface StageOptions extends KafkaOptions, ListenerFlags {
  readonly stage: StageName;
  readonly registry: string;
  readonly db?: string | undefined;
  readonly policy?: string | undefined;
  readonly workers?: number | undefined;
  readonly receivedAt?: number | undefined;
  readonly detectEvery: number;
  readonly sessionSeconds: number;
  readonly untilDrained?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Where it tells how it is, 0 for a port that is free; not at all without. */
  readonly apiPort?: number | undefined;
  readonly apiHost: string;
  readonly tokens?: string | undefined;
}

/** What a member has done so far. */
export interface StageTally {
  scans: number;
  accepted: number;
  diverted: number;
  manual: number;
  repeated: number;
  deadLetters: number;
  /** Fields that were given and not used, each with its problem once. */
  readonly ignored: IgnoredCount[];
  /** Scans with a genuine mark by the checks of it that were not made; told by the stage that reads. */
  unchecked: UncheckedCounts;
  /** Of each partition, as its detectors found them last. */
  readonly findings: Map<number, number>;
}

export function emptyTally(): StageTally {
  return {
    scans: 0,
    accepted: 0,
    diverted: 0,
    manual: 0,
    repeated: 0,
    deadLetters: 0,
    ignored: [],
    unchecked: {},
    findings: new Map(),
  };
}

const NO_STORES: ReadonlyMap<string, LiveStore> = new Map();
const PROGRESS_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 250;

/** One member of a stage, with its numbers, until it is told to stop or nothing is left. */
export async function serveStage(
  ports: Pick<Parameters<typeof Stage.start>[0], 'client' | 'topic' | 'group' | 'tasks'>,
  options: StageOptions,
  tally: StageTally,
  terminal: Terminal,
  stores: () => ReadonlyMap<string, LiveStore> = () => NO_STORES,
): Promise<void> {
  const { stage: name, sessionSeconds, untilDrained = false, json = false } = options;
  const startedAtMs = performance.now();
  const { signal, end } = stopSignal();
  const progress = new Progress(terminal);
  const stage = await Stage.start({
    ...ports,
    sessionMs: sessionSeconds * 1000,
    isExpected: mayClaimAgain,
    onTrouble: (error) => warn(terminal, `indicia: going on after: ${error.message}`),
  });
  const api = await openStageApi(
    options,
    {
      counters: () => stage.counters,
      totals: () => plain(tally),
      ignored: () => tally.ignored,
      unchecked: () => tally.unchecked,
      stores,
    },
    terminal,
  );
  let last = stage.counters;
  const show = async () => {
    last = stage.counters;
    if (json) await printJson(terminal, { type: 'progress', stage: name, ...plain(tally), ...last });
    progress.show(
      `${count(tally.scans)} scans, ${rate(tally.scans, performance.now() - startedAtMs, 'a second')}, ${lagOf(last)}`,
    );
  };
  const timer = setInterval(() => void show(), PROGRESS_EVERY_MS);
  try {
    await Promise.race([stage.broken, untilDrained ? drained(stage, signal) : aborted(signal)]);
    await show();
  } finally {
    clearInterval(timer);
    await api?.close();
    await stage.stop();
    end();
  }
  progress.done(`${plural(tally.scans, 'scan')}, stopped in order`);
  const secondsTotal = Number(((performance.now() - startedAtMs) / 1000).toFixed(3));
  const { rebalances, claims, troubles } = last;
  const summary = {
    type: 'summary',
    stage: name,
    ...plain(tally),
    ignoredFields: tally.ignored,
    unchecked: tally.unchecked,
    rebalances,
    claims,
    troubles,
    secondsTotal,
  };
  await (json ? printJson(terminal, summary) : print(terminal, `${plural(tally.scans, 'scan')}\n`));
}

function plain({ findings, ignored: _, unchecked: __, ...counts }: StageTally) {
  return { ...counts, findings: [...findings.values()].reduce((total, its) => total + its, 0) };
}

function lagOf({ partitions }: StageCounters): string {
  const lag = partitions.reduce((total, partition) => total + partition.lag, 0);
  return `${plural(partitions.length, 'partition')}, ${plural(lag, 'message')} behind`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function drained(stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await stage.isDrained())) await sleep(LOOK_EVERY_MS);
}
