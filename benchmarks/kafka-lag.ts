import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { topicNamed } from '../ingest/kafka/index.ts';
import { type BenchBroker, benchTopics, scanProducer } from './kafka-cluster.ts';
import type { BenchDay } from './kafka-stages.ts';
import { RunningMember } from './running-member.ts';
import { quantile } from './table.ts';

export interface Lag {
  readonly piecesASecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answered: number;
}

const PARTITIONS = 4;
const SESSION_MS = 10_000;
const TICK_MS = 50;
const WARMING_MS = 3_000;
const ENDS_MS_MAX = 30_000;

/** Both stages running; scans sent at a steady rate; the time from sending one until its verdict is with a consumer. */
export async function lagAt(
  broker: BenchBroker,
  prefix: string,
  day: BenchDay,
  rate: number,
  ms: number,
): Promise<Lag> {
  await benchTopics(broker, prefix, PARTITIONS);
  const common = ['--prefix', prefix, '--registry', day.registry, '--db', join(day.folder, prefix)];
  const members = ['read', 'judge'].map((stage) => new RunningMember(['run', '--stage', stage, broker.url, ...common]));
  const sentAtMs = new Map<string, number>();
  const lagsMs: number[] = [];
  const consumer = broker.client().consumer(`${prefix}lag`, topicNamed(prefix, 'verdicts'), SESSION_MS);
  await consumer.start({
    onAssigned: () => {},
    onMessages: (_, messages) => {
      const nowMs = performance.now();
      for (const { value } of messages) {
        for (const [, scanId = ''] of (value?.toString() ?? '').matchAll(/"scanId":"([^"]+)"/g)) {
          const sent = sentAtMs.get(scanId);
          if (sent !== undefined) lagsMs.push(nowMs - sent);
          sentAtMs.delete(scanId);
        }
      }
    },
    onPosition: () => {},
    onFailure: () => {},
  });
  const producer = await scanProducer(broker, prefix);
  // The members are ready when the first scans were answered.
  let next = 0;
  const send = async (many: number) => {
    const records = day.records.slice(next, next + many);
    next += records.length;
    const nowMs = performance.now();
    for (const { scanId } of records) sentAtMs.set(scanId, nowMs);
    await producer.sendLines(records);
  };
  while (lagsMs.length === 0) {
    await send(1);
    await sleep(TICK_MS);
  }
  const startedAtMs = performance.now();
  let isWarm = false;
  let sent = 0;
  for (;;) {
    const elapsedMs = performance.now() - startedAtMs;
    if (elapsedMs > WARMING_MS && !isWarm) {
      isWarm = true;
      lagsMs.length = 0;
      sentAtMs.clear();
    }
    if (elapsedMs > WARMING_MS + ms) break;
    const due = Math.floor((elapsedMs / 1000) * rate) - sent;
    if (due > 0) await send(due);
    sent += due;
    await sleep(TICK_MS);
  }
  const endsMs = performance.now() + ENDS_MS_MAX;
  while (sentAtMs.size > 0 && performance.now() < endsMs) await sleep(TICK_MS);
  await producer.close();
  await consumer.stop();
  await Promise.all(members.map((member) => member.stop()));
  return { piecesASecond: rate, p50Ms: quantile(lagsMs, 0.5), p99Ms: quantile(lagsMs, 0.99), answered: lagsMs.length };
}
