import { join } from 'node:path';
import type { ScanRecord } from '../ingest/index.ts';
import type { StoredMessage } from '../ingest/kafka/client-port.ts';
import type { TopicName } from '../ingest/kafka/topics.ts';
import { everythingIn } from '../test/support/kafka.ts';
import { type BenchBroker, benchTopics, scanProducer, sendAll } from './kafka-cluster.ts';
import { indiciaMeasured, processorSecondsOf } from './processor-time.ts';

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
 * to its last, so that starting processes and joining a group are no part of it.
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
    seconds: await secondsBetween(broker, prefix, stage === 'read' ? 'readings' : 'verdicts'),
    clientSeconds: ended.reduce((total, { processorSeconds }) => total + processorSeconds, 0),
    brokerSeconds,
  };
}

/** From the first message of a topic to its last. */
async function secondsBetween(broker: BenchBroker, prefix: string, name: TopicName): Promise<number> {
  const times = (await everythingIn(broker, prefix, name)).map(({ timestampMs }: StoredMessage) => timestampMs);
  return (
    times.reduce((last, time) => Math.max(last, time), 0) / 1000 -
    times.reduce((first, time) => Math.min(first, time)) / 1000
  );
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
