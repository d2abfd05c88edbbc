import assert from 'node:assert/strict';
import { rowsOf } from '../../indicium/index.ts';
import type { StoredMessage } from '../../ingest/kafka/client-port.ts';
import { decodeReadings } from '../../ingest/kafka/messages/readings-codec.ts';
import { groupNamed, topicNamed } from '../../ingest/kafka/topics.ts';
import { jsonLines } from './command-line.ts';
import { everythingIn, type TestKafka } from './kafka.ts';

export interface PublishedVerdict {
  readonly scanId: string;
  readonly plant: string | null;
  readonly disposition: string;
  readonly reasons: readonly string[];
}

/** Every answer that was published, by scan id: a consumer that remembers scan ids takes the first. */
export async function publishedVerdicts(kafka: TestKafka, prefix: string): Promise<Map<string, PublishedVerdict[]>> {
  const messages = await everythingIn(kafka, prefix, 'verdicts');
  const lines = messages.flatMap(({ value }) => jsonLines<PublishedVerdict>(value?.toString() ?? ''));
  return Map.groupBy(lines, ({ scanId }) => scanId);
}

/** What compaction keeps of the findings: the newest of each key, as JSON texts with scans in an order of their own. */
export async function publishedFindings(kafka: TestKafka, prefix: string): Promise<string[]> {
  const newest = new Map((await everythingIn(kafka, prefix, 'findings')).map(({ key, value }) => [String(key), value]));
  return [...newest.values()]
    .filter((value) => value !== null)
    .map((value) => {
      const finding: { scanIds: string[] } = JSON.parse(value.toString());
      return JSON.stringify({ ...finding, scanIds: finding.scanIds.toSorted() });
    })
    .toSorted();
}

/** Dead letters as `reason, position, bytes`, in an order of their own. */
export async function deadLettersIn(kafka: TestKafka, prefix: string): Promise<string[]> {
  const letters = await everythingIn(kafka, prefix, 'dead-letters');
  return letters
    .map(({ headers, value }) => letterText(String(headers['dead-reason']), String(headers['dead-position']), value))
    .toSorted();
}

/** The dead letters that there must be: of each record in the topics whose key is a reason, what is wrong with it. */
export async function deadLettersDue(kafka: TestKafka, prefix: string): Promise<string[]> {
  const due: string[] = [];
  for (const name of ['scans', 'readings'] as const) {
    for (const { partition, offset, key, value } of await everythingIn(kafka, prefix, name)) {
      const reason = String(key);
      if (!REASON.test(reason)) continue;
      const place = `${topicNamed(prefix, name)}/${partition}@${offset}`;
      if (reason !== 'not-a-scan') due.push(letterText(reason, place, value));
      for (const [number, line] of badLines(reason, value)) {
        due.push(letterText(reason, `${place}:${number}`, Buffer.from(line)));
      }
    }
  }
  return due.toSorted();
}

const REASON = /^[a-z]+(?:-[a-z]+)+$/;

function badLines(reason: string, value: Buffer | null): (readonly [number, string])[] {
  if (reason !== 'not-a-scan') return [];
  const lines = (value?.toString() ?? '').split('\n').filter((line) => line !== '');
  return lines.map((line, index) => [index + 1, line] as const).filter(([, line]) => !line.includes('"scanId"'));
}

function letterText(reason: string, position: string, value: Buffer | null): string {
  return `${reason} ${position} ${value === null ? 'null' : value.length > 100 ? value.length : value.toString('hex')}`;
}

/** Every message of a topic is behind what its group has committed: no partition stands still. */
export async function assertAllDone(kafka: TestKafka, prefix: string): Promise<void> {
  const admin = await kafka.client().admin();
  try {
    for (const [name, group] of [
      ['scans', 'indicia-read'],
      ['readings', 'indicia-judge'],
    ] as const) {
      for (const [partition, last] of lastOffsets(await everythingIn(kafka, prefix, name))) {
        const next = await admin.groupOffset(groupNamed(prefix, group), topicNamed(prefix, name), partition);
        assert.ok(next !== null && next > last, `${name}/${partition} stands at ${next}, its last message is ${last}`);
      }
    }
  } finally {
    await admin.close();
  }
}

/** How often a scan was handed over, by any sender, and how many rows the read stage made of that. */
export async function deliveriesIn(kafka: TestKafka, prefix: string): Promise<{ lines: number; rows: number }> {
  let [lines, rows] = [0, 0];
  for (const { key, value } of await everythingIn(kafka, prefix, 'scans')) {
    const isGood = !REASON.test(String(key)) || String(key) === 'not-a-scan';
    if (isGood) lines += (value?.toString() ?? '').split('\n').filter((line) => line.includes('"scanId"')).length;
  }
  for (const { value } of await everythingIn(kafka, prefix, 'readings')) {
    const readings = value === null ? null : decodeReadings(value);
    if (readings !== null) rows += rowsOf(readings);
  }
  return { lines, rows };
}

function lastOffsets(messages: readonly StoredMessage[]): Map<number, bigint> {
  return new Map(messages.map(({ partition, offset }) => [partition, offset]));
}
