import type { NewMessage } from '../../ingest/kafka/client-port.ts';
import { EVENT_TYPES } from '../../ingest/kafka/messages/cloud-events.ts';
import type { DeadLetterCode } from '../../ingest/kafka/messages/dead-letter.ts';
import { TOPIC_NAMES, topicNamed } from '../../ingest/kafka/topics.ts';
import { Random } from '../../psd-sim/random.ts';

/** Messages that the stages are to get through, in the order in which they are to be sent. */
export interface RoughTraffic {
  readonly messages: readonly NewMessage[];
  /** Scan ids, each once. */
  readonly scanIds: readonly string[];
}

const SCANS_TOPIC = TOPIC_NAMES[0];
const LINES_MAX = 25;
const TWICE_SHARE = 0.1;
const LARGE_BYTES = 10 * 2 ** 20;
/** Each kind of poison comes that often; the records of 10 MB are among them. */
const POISON_ROUNDS = 2;

/**
 * The scans of a day as plants may send them at their worst: each plant in its own time and its messages in no order, one
 * in ten sent twice by a producer that was not sure, and among them records that nothing can be made of. The key of such
 * a record is the reason why.
 */
export function roughTraffic(lines: readonly string[], seed: number, prefix: string): RoughTraffic {
  const random = new Random(`rough traffic ${seed}`);
  const topic = topicNamed(prefix, SCANS_TOPIC);
  const scans = lines.map((line) => ({ line, its: scanOf(line) }));
  const messages: NewMessage[] = [];
  for (const [machine, ofMachine] of Map.groupBy(scans, ({ its }) => its.machine)) {
    for (let from = 0; from < ofMachine.length; ) {
      const many = random.int(1, LINES_MAX);
      const text = ofMachine.slice(from, from + many).map(({ line }) => `${line}\n`);
      from += many;
      const message = { topic, partition: null, key: machine, value: Buffer.from(text.join('')), headers: {} };
      messages.push(message);
      if (random.fraction() < TWICE_SHARE) messages.push(message);
    }
  }
  const genuine = scans[0]?.line ?? '';
  for (let round = 0; round < POISON_ROUNDS; round++) messages.push(...poison(prefix, genuine));
  const shuffled = messages
    .map((message) => ({ message, place: random.fraction() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ message }) => message);
  return { messages: shuffled, scanIds: [...new Set(scans.map(({ its }) => its.scanId))] };
}

function scanOf(line: string): { readonly scanId: string; readonly machine: string } {
  return JSON.parse(line);
}

/** One of each kind; where only a line is bad, a good one lies beside it. */
function poison(prefix: string, genuine: string): NewMessage[] {
  const scans = topicNamed(prefix, SCANS_TOPIC);
  const bad = (key: DeadLetterCode, value: Buffer | null, headers: NewMessage['headers'] = {}): NewMessage => {
    return { topic: scans, partition: null, key, value, headers };
  };
  const readings = { ...bad('bad-readings', Buffer.from('no readings')), topic: topicNamed(prefix, 'readings') };
  return [
    bad('null-value', null),
    bad('empty-value', Buffer.from('\n \n')),
    bad('too-large', Buffer.alloc(LARGE_BYTES, 'x')),
    bad('unknown-content-type', Buffer.from([0, 1, 2, 0xff]), { 'content-type': 'application/avro' }),
    bad('unknown-version', Buffer.from(`${genuine}\n`), { ce_type: 'indicia.scans.v9' }),
    bad('bad-scan-fields', Buffer.from('no picture'), { 'content-type': 'image/png', scan: '{"scanId":' }),
    bad('not-a-scan', Buffer.from(`${genuine}\n{"plant":"06484"}\n`), { ce_type: Buffer.from([0xff, 0xfe, 0x00]) }),
    bad('not-a-scan', Buffer.from('\u0000\u0000\u0000garbage\n'), { ce_type: EVENT_TYPES.scans }),
    readings,
    { ...readings, value: null },
  ];
}
