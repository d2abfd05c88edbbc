import { type Policy, readPolicy } from '../../analytics/judge/index.ts';
import type { Recorded, RecorderThread } from '../../analytics/recorder/index.ts';
import { addedUnchecked } from '../../indicium/index.ts';
import {
  groupNamed,
  ImageSpool,
  judgeTasks,
  type KafkaClient,
  type PartitionStore,
  readTasks,
  topicNamed,
} from '../../ingest/kafka/index.ts';
import { SourceError } from '../../scans/index.ts';
import { LakeWatch } from '../lake-watch.ts';
import { addIgnored } from '../pipeline.ts';
import { createReaderPool } from '../reader-pool.ts';
import { RegistryInUse } from '../registry-in-use.ts';
import { TrustWatch } from '../trust-watch.ts';
import { detectorTiming } from './detector-timing.ts';
import { openPartitionStore } from './partition-stores.ts';
import { serveStage } from './serve-stage.ts';
import type { StageOptions, StagePorts } from './stage-ports.ts';
import { emptyTally, type StageSummary, type StageTally } from './stage-tally.ts';

/** Runs one member of a stage until it is told to stop, or with --until-drained until nothing is left. */
export async function runStage(client: KafkaClient, options: StageOptions, ports: StagePorts): Promise<StageSummary> {
  const trust = await TrustWatch.open(options.registry, {
    nowMs: ports.nowMs,
    onRefused: (error) => ports.onNotice(`a newer registry was not accepted: ${error.message}`),
  });
  trust.start();
  const tally = emptyTally();
  try {
    const work = options.stage === 'read' ? readStage : judgeStage;
    return await work(client, options, trust, tally, ports);
  } finally {
    await trust.stop();
  }
}

async function readStage(
  client: KafkaClient,
  options: StageOptions,
  trust: TrustWatch,
  tally: StageTally,
  ports: StagePorts,
): Promise<StageSummary> {
  const named = topicsOf(options);
  const readers = createReaderPool(() => trust.current, options.workers, {
    onFaults: ports.onFaults,
    receivedAtMs: ports.receivedAtMs,
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
      nowMs: ports.nowMs,
      topics: named,
      partitions: await partitionsOf(client, named.readings),
      onRead: ({ scans, deadLetters }) => {
        tally.scans += scans;
        tally.deadLetters += deadLetters;
      },
    });
    return await serveStage(
      { client, topic: named.scans, group: groupNamed(options.prefix, 'indicia-read'), tasks },
      options,
      tally,
      ports,
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
  ports: StagePorts,
): Promise<StageSummary> {
  const { db } = options;
  if (db === undefined) throw new SourceError('the judge stage needs --db, the folder of its stores');
  const named = topicsOf(options);
  const policy = readPolicy(options.policy);
  const live = new Map<string, RecorderThread>();
  const tasks = judgeTasks<Recorded>({
    open: async (partition) => {
      const path = `partitions/${partition}/`;
      const lake =
        options.lake === undefined
          ? undefined
          : new LakeWatch(options.lake, (sentence) => ports.onNotice(`partition ${partition}: ${sentence}`));
      const recorder = await openStore(db, partition, policy, lake, ports);
      if (lake !== undefined) tally.lakes.set(partition, lake);
      live.set(path, recorder);
      const forget = () => {
        if (lake !== undefined && tally.lakes.get(partition) === lake) tally.lakes.delete(partition);
        if (live.get(path) === recorder) live.delete(path);
      };
      return withRegistry(recorder, trust, forget);
    },
    topics: named,
    nowMs: ports.nowMs,
    detectorTiming: () => detectorTiming(options.detectEvery * 1000),
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
  return serveStage(
    { client, topic: named.readings, group: groupNamed(options.prefix, 'indicia-judge'), tasks },
    options,
    tally,
    ports,
    () => live,
  );
}

async function openStore(
  folder: string,
  partition: number,
  policy: Policy,
  lake: LakeWatch | undefined,
  { onNotice, store }: StagePorts,
): Promise<RecorderThread> {
  const notices = {
    onPaused: (reason: string) =>
      onNotice(`partition ${partition} paused, nothing is lost: it cannot be written: ${reason}`),
    onResumed: () => onNotice(`partition ${partition} can be written again; going on`),
    store,
    lake,
  };
  return openPartitionStore(folder, partition, notices, policy);
}

/** A store whose judge and detectors go by the registry in use from the first scan on. */
async function withRegistry(
  recorder: RecorderThread,
  trust: TrustWatch,
  onClosed: () => void,
): Promise<PartitionStore<Recorded>> {
  const registry = new RegistryInUse(recorder, trust);
  const close = () => {
    onClosed();
    return recorder.close();
  };
  try {
    await registry.take();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    positionOf: (source) => recorder.positionOf(source),
    record: (batch) => registry.before(() => recorder.record(batch)),
    detect: () => registry.before(() => recorder.detectAlone()),
    findingDelta: (afterRevision) => recorder.findingDelta(afterRevision),
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
    if (state === null) throw new SourceError(`there is no topic ${topic}: 'indicia kafka topics' creates it`);
    return state.partitions;
  } finally {
    await admin.close();
  }
}
