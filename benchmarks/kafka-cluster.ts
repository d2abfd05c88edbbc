import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers } from '../commands/kafka/kafka-command.ts';
import { brokerArtifacts, kafkaVersion } from '../commands/kafka/trial-broker/artifacts.ts';
import { BrokerError } from '../commands/kafka/trial-broker/broker-error.ts';
import { addressesOf, startCluster, stopCluster } from '../commands/kafka/trial-broker/cluster.ts';
import type { Compression } from '../ingest/kafka/connection.ts';
import { connectionFor, ensureTopics, ScanProducer, type ScanRecord, topicNamed } from '../ingest/kafka/index.ts';
import { KafkaJsClient } from '../ingest/kafka/kafkajs/client.ts';

/** One broker on this machine, with its process, whose time is counted apart. */
export interface BenchBroker {
  readonly version: string;
  readonly url: string;
  readonly brokers: readonly string[];
  readonly pid: number;
  /** Where its logs are: a folder for each partition. */
  readonly data: string;
  client(compression?: Compression): KafkaJsClient;
  stop(): Promise<void>;
}

/** A broker, or what is not installed that it needs. */
export async function benchBroker(): Promise<BenchBroker | string> {
  const artifacts = await brokerArtifacts(process.env).catch((error: unknown) => {
    if (error instanceof BrokerError) return error;
    throw error;
  });
  if (artifacts instanceof BrokerError) return artifacts.message;
  const folder = await mkdtemp(join(tmpdir(), 'indicia-bench-kafka-'));
  const cluster = await startCluster(folder, 1, artifacts, answers);
  const brokers = addressesOf(cluster);
  return {
    version: kafkaVersion(),
    url: `kafka://${brokers.join(',')}`,
    brokers,
    pid: cluster.nodes[0]?.pid ?? 0,
    data: join(folder, 'node-1', 'data'),
    client: (compression = 'lz4') => new KafkaJsClient(connectionFor(brokers, { compression }, {})),
    async stop() {
      await stopCluster(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function benchTopics(broker: BenchBroker, prefix: string, partitions: number): Promise<void> {
  const admin = await broker.client().admin();
  await ensureTopics(admin, { prefix, partitions, replication: 1 });
  await admin.close();
}

export async function scanProducer(broker: BenchBroker, prefix: string, compression: Compression = 'lz4') {
  const producer = await broker.client(compression).producer();
  return new ScanProducer(producer, topicNamed(prefix, 'scans'), '/indicia/bench', Date.now);
}

/** Sends records as plants do that gather for a moment: so many at a time, the lines of one machine in one message. */
export async function sendAll(producer: ScanProducer, records: readonly ScanRecord[], many: number): Promise<void> {
  for (let from = 0; from < records.length; from += many) await producer.sendLines(records.slice(from, from + many));
}
