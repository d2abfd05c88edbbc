import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';

/**
 * Consumes verdicts: node examples/kafka-verdicts.ts HOST:PORT[,HOST:PORT] COUNT, with kafkajs and a codec for LZ4. Ends when
 * it has the verdicts of COUNT scans.
 */

/** What is read of a line of the topic; docs/asyncapi.json has all of it. */
interface Verdict {
  readonly scanId: string;
  readonly plant: string;
  readonly disposition: string;
}

const [brokers = '127.0.0.1:9092', count = '1'] = process.argv.slice(2);
const topic = `${process.env.INDICIA_KAFKA_PREFIX ?? ''}verdicts`;

// kafkajs brings gzip alone, and members publish with LZ4 unless they are told otherwise.
const lz4 = {
  compress: ({ buffer }: { readonly buffer: Buffer }) => compressFrame(buffer),
  decompress: (buffer: Buffer) => decompressFrame(buffer),
};
Object.assign(kafkajs.CompressionCodecs, { [kafkajs.CompressionTypes.LZ4]: () => lz4 });

const kafka = new kafkajs.Kafka({ clientId: 'gate', brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
// It reads what is committed, as consumers of verdicts must; kafkajs does so unless told otherwise.
const consumer = kafka.consumer({ groupId: 'example-gate', readUncommitted: false });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });

/** A scan that was delivered twice is answered twice, the same. */
const dispositions = new Map<string, string>();
const done = Promise.withResolvers<void>();
await consumer.run({
  eachMessage: async ({ message }) => {
    for (const line of (message.value?.toString() ?? '').split('\n').filter((text) => text !== '')) {
      const { plant, scanId, disposition }: Verdict = JSON.parse(line);
      dispositions.set(JSON.stringify([plant, scanId]), disposition);
    }
    if (dispositions.size >= Number(count)) done.resolve();
  },
});
await done.promise;
await consumer.disconnect();

const counts = { accept: 0, divert: 0, manual: 0, ...tally(dispositions.values()) };
process.stdout.write(`${JSON.stringify(counts)}\n`);

function tally(values: Iterable<string>): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, its]) => [value, its.length]));
}
