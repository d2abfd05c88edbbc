import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Compression } from '../ingest/kafka/connection.ts';
import { everythingIn } from '../test/support/kafka.ts';
import { type BenchBroker, benchTopics, scanProducer, sendAll } from './kafka-cluster.ts';
import type { BenchDay } from './kafka-stages.ts';

export interface Compressed {
  readonly compression: Compression;
  readonly bytesAPiece: number;
  readonly producedASecond: number;
  readonly producedMicroseconds: number;
  readonly consumedASecond: number;
}

const TOGETHER = 500;

/** The same scans sent and read back; bytes are those on the broker's disk. */
export async function compressedBy(broker: BenchBroker, day: BenchDay, compression: Compression): Promise<Compressed> {
  const prefix = `pack-${compression}-`;
  await benchTopics(broker, prefix, 1);
  const producer = await scanProducer(broker, prefix, compression);
  const [before, startedAtMs] = [process.cpuUsage(), performance.now()];
  await sendAll(producer, day.records, TOGETHER);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  await producer.close();
  const readAtMs = performance.now();
  await everythingIn(broker, prefix, 'scans');
  const readSeconds = (performance.now() - readAtMs) / 1000;
  return {
    compression,
    bytesAPiece: logBytes(join(broker.data, `${prefix}scans-0`)) / day.records.length,
    producedASecond: day.records.length / seconds,
    producedMicroseconds: (user + system) / day.records.length,
    consumedASecond: day.records.length / readSeconds,
  };
}

function logBytes(folder: string): number {
  const logs = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return logs.reduce((total, name) => total + statSync(join(folder, name)).size, 0);
}
