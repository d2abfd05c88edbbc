import { readFile } from 'node:fs/promises';
import { scanFromLine } from 'indicia/client';
import kafkajs from 'kafkajs';

/** Produces scans as a plant does: node examples/kafka-scans.ts HOST:PORT[,HOST:PORT] SCANS, with kafkajs alone. */

/** A message holds the lines that one machine scanned in a moment. */
const LINES_MAX = 20;

const [brokers = '127.0.0.1:9092', file = 'scans.ndjson'] = process.argv.slice(2);
const topic = `${process.env.INDICIA_KAFKA_PREFIX ?? ''}scans`;

const lines = (await readFile(file, 'utf8')).split('\n').flatMap((line) => {
  const scan = scanFromLine(line)?.scan;
  return scan === undefined ? [] : { line, scanId: scan.scanId, machine: String(scan.machine ?? '') };
});

const kafka = new kafkajs.Kafka({ clientId: 'plant', brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
// What is not acknowledged is sent again, and an idempotent producer writes it once.
const producer = kafka.producer({ idempotent: true, createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();
for (const [machine, its] of Map.groupBy(lines, (scan) => scan.machine)) {
  while (its.length > 0) {
    const sent = its.splice(0, LINES_MAX);
    await producer.send({
      topic,
      messages: [
        {
          key: machine,
          value: sent.map(({ line }) => `${line}\n`).join(''),
          headers: {
            ce_specversion: '1.0',
            ce_type: 'indicia.scans.v1',
            ce_id: sent[0]?.scanId ?? '',
            ce_source: 'examples/kafka-scans.ts',
            'content-type': 'application/x-ndjson',
          },
        },
      ],
    });
  }
}
await producer.disconnect();
process.stdout.write(`${lines.length} scans sent\n`);
