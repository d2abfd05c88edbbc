import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_POLICY, type Policy, type Recorded, type RecorderThread, readPolicy } from '../analytics/index.ts';
import {
  BrokerError,
  groupNamed,
  ImageSpool,
  judgeTasks,
  type KafkaClient,
  type PartitionStore,
  parseKafkaUrl,
  readTasks,
  SourceError,
  Stage,
  type StageCounters,
  topicNamed,
} from '../ingest/index.ts';
import { createReaderPool } from '../reader-pool.ts';
import { TrustWatch } from '../trust-watch.ts';
import { type KafkaOptions, kafkaClient } from './kafka-options.ts';
import { isStoreTaken, openPartitionStore } from './partition-stores.ts';
import { stopSignal } from './stop-signal.ts';
import { count, Progress, plural, print, printJson, rate, type Terminal, warn } from './terminal.ts';

export const STAGES = ['read', 'judge'] as const;
export type StageName = (typeof STAGES)[number];

export interface StageOptions extends KafkaOptions {
  readonly stage: StageName;
  readonly registry: string;
  readonly db?: string | undefined;
  readonly policy?: string | undefined;
  readonly workers?: number | undefined;
  readonly detectEvery: number;
  readonly untilDrained?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** What a member has done so far. */
interface StageTally {
  scans: number;
  accepted: number;
  diverted: number;
  manual: number;
  repeated: number;
  deadLetters: number;
  /** Of each partition, as its detectors found them last. */
  readonly findings: Map<number, number>;
}

const PROGRESS_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 250;

/** Runs one member of a stage until it is told to stop, or with --until-drained until nothing is left. */
export async function runStage(url: string, options: StageOptions, terminal: Terminal): Promise<void> {
  if (parseKafkaUrl(url).topic !== null)
    throw new SourceError(`${url}: a stage knows its topics; name the brokers only`);
  const client = kafkaClient(url, options);
  const trust = await TrustWatch.open(options.registry, {
    nowMs: terminal.nowMs,
    onRefused: (error) => warn(terminal, `indicia: a newer registry was not accepted: ${error.message}`),
  });
  trust.start();
  const tally: StageTally = {
    scans: 0,
    accepted: 0,
    diverted: 0,
    manual: 0,
    repeated: 0,
    deadLetters: 0,
    findings: new Map(),
  };
  try {
    const work = options.stage === 'read' ? readStage : judgeStage;
    await work(client, options, trust, tally, terminal);
  } finally {
    await trust.stop();
  }
}

async function readStage(
  client: KafkaClient,
  options: StageOptions,
  trust: TrustWatch,
  tally: StageTally,
  terminal: Terminal,
): Promise<void> {
  const named = topicsOf(options);
  const readers = createReaderPool(() => trust.current, options.workers);
  const spool = await ImageSpool.open();
  try {
    const tasks = readTasks({
      read: (lines) => readers.read(lines),
      spool,
      nowMs: terminal.nowMs,
      topics: named,
      partitions: await partitionsOf(client, named.readings),
      onRead: ({ scans, deadLetters }) => {
        tally.scans += scans;
        tally.deadLetters += deadLetters;
      },
    });
    await serve(
      { client, topic: named.scans, group: groupNamed(options.prefix, 'indicia-read'), tasks },
      options,
      tally,
      terminal,
    );
  } finally {
    await readers.close();
    await spool.close();
  }
}

async function judgeStage(
  client: KafkaClient,
  options: StageOptions,
  trust: TrustWatch,
  tally: StageTally,
  terminal: Terminal,
): Promise<void> {
  const { db } = options;
  if (db === undefined) throw new SourceError('the judge stage needs --db, the folder of its stores');
  const named = topicsOf(options);
  const policy = options.policy === undefined ? DEFAULT_POLICY : readPolicy(options.policy);
  const tasks = judgeTasks<Recorded>({
    open: (partition) => openStore(db, partition, policy, trust, terminal),
    topics: named,
    nowMs: terminal.nowMs,
    detectEveryMs: options.detectEvery * 1000,
    onJudged: ({ scans, dispositions, repeated }) => {
      tally.scans += scans;
      tally.accepted += dispositions.accept;
      tally.diverted += dispositions.divert;
      tally.manual += dispositions.manual;
      tally.repeated += repeated;
    },
    onDetected: (partition, findings) => tally.findings.set(partition, findings),
    onDeadLetter: () => {
      tally.deadLetters += 1;
    },
  });
  await serve(
    { client, topic: named.readings, group: groupNamed(options.prefix, 'indicia-judge'), tasks },
    options,
    tally,
    terminal,
  );
}

async function openStore(
  folder: string,
  partition: number,
  policy: Policy,
  trust: TrustWatch,
  terminal: Terminal,
): Promise<PartitionStore<Recorded>> {
  const notices = {
    onPaused: (reason: string) =>
      warn(terminal, `indicia: partition ${partition} paused, nothing is lost: it cannot be written: ${reason}`),
    onResumed: () => warn(terminal, `indicia: partition ${partition} can be written again; going on`),
  };
  const recorder = await openPartitionStore(folder, partition, notices, policy);
  return withRegistry(recorder, trust);
}

/** The store has the trust list that is in use whenever detectors look. */
function withRegistry(recorder: RecorderThread, trust: TrustWatch): PartitionStore<Recorded> {
  let version: number | null = null;
  return {
    positionOf: (source) => recorder.positionOf(source),
    record: (batch) => recorder.record(batch),
    async detect() {
      const { current } = trust;
      if (current.version !== version) await recorder.setRegistry(current);
      version = current.version;
      return recorder.detect();
    },
    news: (afterRevision) => recorder.news(afterRevision),
    close: () => recorder.close(),
  };
}

async function serve(
  ports: Pick<Parameters<typeof Stage.start>[0], 'client' | 'topic' | 'group' | 'tasks'>,
  { stage: name, untilDrained = false, json = false }: StageOptions,
  tally: StageTally,
  terminal: Terminal,
): Promise<void> {
  const startedAtMs = performance.now();
  const { signal, end } = stopSignal();
  const progress = new Progress(terminal);
  const stage = await Stage.start({
    ...ports,
    isExpected: isStoreTaken,
    onTrouble: (error) => warn(terminal, `indicia: going on after: ${error.message}`),
  });
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
    await stage.stop();
    end();
  }
  progress.done(`${plural(tally.scans, 'scan')}, stopped in order`);
  const secondsTotal = Number(((performance.now() - startedAtMs) / 1000).toFixed(3));
  const { rebalances, claims, troubles } = last;
  const summary = { type: 'summary', stage: name, ...plain(tally), rebalances, claims, troubles, secondsTotal };
  await (json ? printJson(terminal, summary) : print(terminal, `${plural(tally.scans, 'scan')}\n`));
}

function plain({ findings, ...counts }: StageTally) {
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

function topicsOf({ prefix }: Pick<StageOptions, 'prefix'>) {
  return {
    scans: topicNamed(prefix, 'scans'),
    readings: topicNamed(prefix, 'readings'),
    verdicts: topicNamed(prefix, 'verdicts'),
    findings: topicNamed(prefix, 'findings'),
    revisions: topicNamed(prefix, 'revisions'),
    deadLetters: topicNamed(prefix, 'dead-letters'),
  };
}

async function partitionsOf(client: KafkaClient, topic: string): Promise<number> {
  const admin = await client.admin();
  try {
    const state = await admin.topicState(topic, []);
    if (state === null) throw new BrokerError(`there is no topic ${topic}: 'indicia kafka topics' creates it`);
    return state.partitions;
  } finally {
    await admin.close();
  }
}
