import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { type KafkaClient, ScanProducer, type ScanRecord } from '../../ingest/kafka/index.ts';
import { readPicture } from './picture.ts';

/** Where lines of scans are written to when a fleet scans into Kafka; pictures that they name, in `folder`, become messages. */
export async function kafkaTarget(
  client: KafkaClient,
  topic: string,
  folder: string,
  nowMs: () => number,
): Promise<Writable> {
  const producer = new ScanProducer(await client.producer(), topic, '/indicia/fleet', nowMs);
  return new Writable({
    decodeStrings: false,
    write: (lines: unknown, _encoding, done) => {
      send(producer, String(lines), folder).then(() => done(), done);
    },
    final: (done) => {
      producer.close().then(() => done(), done);
    },
  });
}

interface FleetRecord extends ScanRecord {
  readonly image: string | null;
}

async function send(producer: ScanProducer, lines: string, folder: string): Promise<void> {
  const records = lines
    .split('\n')
    .filter((line) => line !== '')
    .map(recordOf);
  await producer.sendLines(records.filter(({ image }) => image === null));
  for (const record of records) {
    if (record.image === null) continue;
    await producer.sendImage(record, record.image, await readPicture(resolve(record.image), folder));
  }
}

function recordOf(line: string): FleetRecord {
  const record: { scanId: string; machine: string; image?: string } = JSON.parse(line);
  return { line, scanId: record.scanId, machine: record.machine, image: record.image ?? null };
}
