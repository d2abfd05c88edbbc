import { DEFAULT_POLICY, type Policy, type Recorded, type RecorderThread, readPolicy } from '../analytics/index.ts';
import { addIgnored, createReaderPool, TrustWatch } from '../app/index.ts';
import { addedUnchecked } from '../indicium/index.ts';
import {
  groupNamed,
  ImageSpool,
  judgeTasks,
  type KafkaClient,
  type PartitionStore,
  parseKafkaUrl,
  readTasks,
  topicNamed,
} from '../ingest/index.ts';
import { SourceError } from '../scans/index.ts';
import { kafkaClient } from './kafka/kafka-options.ts';
import { BrokerError } from './kafka/trial-broker/broker-error.ts';
import { openPartitionStore } from './partition-stores.ts';
import { receiptClock } from './received-at.ts';
import { emptyTally, type StageOptions, type StageTally, serveStage } from './serve-stage.ts';
import { storePorts } from './store-ports.ts';
import { type Terminal, warn } from './terminal.ts';
import { warnOfFaults } from './warn-of-faults.ts';

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
  const tally = emptyTally();
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
  const readers = createReaderPool(() => trust.current, options.workers, {
    onFaults: warnOfFaults(terminal),
    receivedAtMs: receiptClock(options.receivedAt, terminal.nowMs),
  });
  const spool = await ImageSpool.open();
  try {
    const tasks = readTasks({
      read: async (lines) => {
        const batch = await readers.read(lines);
        addIgnored(tally.ignored, batch.ignored);
        tally.unchecked = addedUnchecked(tally.unchecked, batch.unchecked);
        return batch;
      },
      spool,
      nowMs: terminal.nowMs,
      topics: named,
      partitions: await partitionsOf(client, named.readings),
      onRead: ({ scans, deadLetters }) => {
        tally.scans += scans;
        tally.deadLetters += deadLetters;
      },
    });
    await serveStage(
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
  const live = new Map<string, RecorderThread>();
  const tasks = judgeTasks<Recorded>({
    open: async (partition) => {
      const path = `partitions/${partition}/`;
      const recorder = await openStore(db, partition, policy, terminal);
      live.set(path, recorder);
      const forget = () => {
        if (live.get(path) === recorder) live.delete(path);
      };
      return withRegistry(recorder, trust, forget);
    },
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
  await serveStage(
    { client, topic: named.readings, group: groupNamed(options.prefix, 'indicia-judge'), tasks },
    options,
    tally,
    terminal,
    () => live,
  );
}

async function openStore(
  folder: string,
  partition: number,
  policy: Policy,
  terminal: Terminal,
): Promise<RecorderThread> {
  const notices = {
    onPaused: (reason: string) =>
      warn(terminal, `indicia: partition ${partition} paused, nothing is lost: it cannot be written: ${reason}`),
    onResumed: () => warn(terminal, `indicia: partition ${partition} can be written again; going on`),
    store: storePorts(terminal),
  };
  return openPartitionStore(folder, partition, notices, policy);
}

/**
 * The store and its judge go by the trust list in use from the first scan on: without the places of the plants, two scans
 * far from each other would only be doubted.
 */
async function withRegistry(
  recorder: RecorderThread,
  trust: TrustWatch,
  onClosed: () => void,
): Promise<PartitionStore<Recorded>> {
  let version: number | null = null;
  let taken = Promise.resolve();
  // What comes while a list is being taken waits for it as well: batches must not overtake each other.
  const takeRegistry = () => {
    const { current } = trust;
    if (current.version !== version) {
      version = current.version;
      taken = recorder.setRegistry(current);
    }
    return taken;
  };
  const close = () => {
    onClosed();
    return recorder.close();
  };
  try {
    await takeRegistry();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    positionOf: (source) => recorder.positionOf(source),
    async record(batch) {
      await takeRegistry();
      return recorder.record(batch);
    },
    async detect() {
      await takeRegistry();
      return recorder.detectAlone();
    },
    news: (afterRevision) => recorder.news(afterRevision),
    close,
  };
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
