import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScanRecord } from '../ingest/kafka/index.ts';
import type { TopicName } from '../ingest/kafka/topics.ts';
import { everythingIn } from '../test/support/kafka.ts';
import { type BenchBroker, benchTopics, scanProducer, sendAll } from './kafka-cluster.ts';
import { indiciaMeasured, processorSecondsOf } from './processor-time.ts';
import { RunningMember } from './running-member.ts';

/** A step on the way of the pieces: how fast it went, and what it took of the clients' and of the broker's processors. */
export interface Step {
  readonly pieces: number;
  readonly seconds: number;
  readonly clientSeconds: number;
  readonly brokerSeconds: number;
}

export interface BenchDay {
  readonly records: readonly ScanRecord[];
  readonly registry: string;
  readonly folder: string;
}

const PARTITIONS = 4;
const TOGETHER = 500;
const POLL_MS = 50;

export async function produced(broker: BenchBroker, prefix: string, { records }: BenchDay): Promise<Step> {
  await benchTopics(broker, prefix, PARTITIONS);
  const producer = await scanProducer(broker, prefix);
  const [brokerBefore, before, startedAtMs] = [processorSecondsOf(broker.pid), process.cpuUsage(), performance.now()];
  await sendAll(producer, records, TOGETHER);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  await producer.close();
  return {
    pieces: records.length,
    seconds,
    clientSeconds: (user + system) / 1e6,
    brokerSeconds: processorSecondsOf(broker.pid) - brokerBefore,
  };
}

/**
 * Members of a stage that start together and end when nothing is left. The time is that from the first message of the stage
 * to its last, so that starting processes and joining a group are not part of it.
 */
export async function staged(
  broker: BenchBroker,
  prefix: string,
  { registry, folder, records }: BenchDay,
  stage: 'read' | 'judge',
  members: readonly (readonly string[])[],
): Promise<Step> {
  const common = ['--prefix', prefix, '--registry', registry, '--db', join(folder, prefix), '--until-drained'];
  const brokerBefore = processorSecondsOf(broker.pid);
  const ended = await Promise.all(
    members.map((options) => indiciaMeasured(['run', '--stage', stage, broker.url, ...common, ...options])),
  );
  const brokerSeconds = processorSecondsOf(broker.pid) - brokerBefore;
  return {
    pieces: records.length,
    seconds:
      records.length / (await rateIn(broker, prefix, stage === 'read' ? 'readings' : 'verdicts', records.length)),
    clientSeconds: ended.reduce((total, { processorSeconds }) => total + processorSeconds, 0),
    brokerSeconds,
  };
}

/** What came after the first message of a topic, in the time from it to the last. */
async function rateIn(broker: BenchBroker, prefix: string, name: TopicName, pieces: number): Promise<number> {
  const messages = (await everythingIn(broker, prefix, name)).toSorted(
    (one, other) => one.timestampMs - other.timestampMs,
  );
  const bytes = messages.map(({ value }) => value?.length ?? 0);
  const share = 1 - (bytes[0] ?? 0) / bytes.reduce((total, its) => total + its, 0);
  const [first, last] = [messages[0]?.timestampMs ?? 0, messages.at(-1)?.timestampMs ?? 0];
  return (pieces * share * 1000) / (last - first);
}

/** Bytes a piece on the broker's disk, as they were produced. */
export function storedBytes(broker: BenchBroker, prefix: string, name: TopicName, pieces: number): number {
  const folders = readdirSync(broker.data).filter((folder) => folder.startsWith(`${prefix}${name}-`));
  const logs = folders.flatMap((folder) =>
    readdirSync(join(broker.data, folder)).map((log) => join(broker.data, folder, log)),
  );
  const bytes = logs.filter((log) => log.endsWith('.log')).reduce((total, log) => total + statSync(log).size, 0);
  return bytes / pieces;
}

/**
 * Members that have joined their groups before anything comes; then the scans, and the rate at which the last stage of them
 * gives its answers.
 */
export async function answeredBy(
  broker: BenchBroker,
  prefix: string,
  day: BenchDay,
  stages: readonly ('read' | 'judge')[],
): Promise<Step> {
  const members = await joinedMembers(broker, prefix, day, stages);
  const before = members.map(({ pid }) => processorSecondsOf(pid));
  const brokerBefore = processorSecondsOf(broker.pid);
  const producer = await scanProducer(broker, prefix);
  await sendAll(producer, day.records, TOGETHER);
  await producer.close();
  const last = members.filter((_, index) => stages[index] === stages.at(-1));
  while (last.reduce((total, { answered }) => total + answered, 0) < day.records.length) await sleep(POLL_MS);
  const took = members.map(({ pid }, index) => processorSecondsOf(pid) - (before[index] ?? 0));
  const brokerSeconds = processorSecondsOf(broker.pid) - brokerBefore;
  await Promise.all(members.map((member) => member.stop()));
  const topic = stages.at(-1) === 'judge' ? 'verdicts' : 'readings';
  return {
    pieces: day.records.length,
    seconds: day.records.length / (await rateIn(broker, prefix, topic, day.records.length)),
    clientSeconds: took.reduce((total, seconds) => total + seconds, 0),
    brokerSeconds,
  };
}

/** Members in processes of their own that have joined their groups; nothing has come yet. */
export async function joinedMembers(
  broker: BenchBroker,
  prefix: string,
  { registry, folder }: Pick<BenchDay, 'registry' | 'folder'>,
  stages: readonly ('read' | 'judge')[],
  workers = 1,
): Promise<RunningMember[]> {
  await benchTopics(broker, prefix, PARTITIONS);
  const common = [broker.url, '--prefix', prefix, '--registry', registry, '--db', join(folder, prefix)];
  const members = stages.map((stage) => {
    return new RunningMember(['run', '--stage', stage, ...common, '--workers', `${workers}`]);
  });
  const share = (stage: string) => PARTITIONS / stages.filter((other) => other === stage).length;
  while (members.some(({ partitions }, index) => partitions !== share(stages[index] ?? ''))) {
    if (members.some(({ hasEnded }) => hasEnded)) throw new Error('a member ended before it had its partitions');
    await sleep(POLL_MS);
  }
  return members;
}

/** What a member takes that has nothing to do: its start, its group, its stores, its end. */
export async function idleSeconds(broker: BenchBroker, day: BenchDay, stage: 'read' | 'judge'): Promise<number> {
  const prefix = `idle-${stage}-`;
  await benchTopics(broker, prefix, PARTITIONS);
  const common = ['--prefix', prefix, '--registry', day.registry, '--db', join(day.folder, prefix), '--until-drained'];
  const { processorSeconds } = await indiciaMeasured(['run', '--stage', stage, broker.url, ...common]);
  return processorSeconds;
}

/** One process over a file. */
export async function ranAlone(
  scans: string,
  registry: string,
  db: string,
): Promise<Pick<Step, 'seconds' | 'clientSeconds'>> {
  const { processorSeconds, stdout } = await indiciaMeasured([
    'run',
    scans,
    '--registry',
    registry,
    '--db',
    db,
    '--json',
  ]);
  const { secondsTotal }: { secondsTotal: number } = JSON.parse(stdout);
  return { seconds: secondsTotal, clientSeconds: processorSeconds };
}
