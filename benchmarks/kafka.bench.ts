import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { simulate } from '../psd-sim/index.ts';
import { byKafkaJs, byPlatformatic, transferTopic } from './kafka-clients.ts';
import { type BenchBroker, benchBroker } from './kafka-cluster.ts';
import { compressedBy } from './kafka-compression.ts';
import { lagAt } from './kafka-lag.ts';
import { scanRecord } from './kafka-records.ts';
import {
  answeredBy,
  type BenchDay,
  idleSeconds,
  produced,
  ranAlone,
  type Step,
  staged,
  storedBytes,
} from './kafka-stages.ts';
import { count, machine, markdownTable, median } from './table.ts';

/**
 * The stages on a real broker, one on this machine, which takes its share of the same cores: how many pieces a second are
 * produced, read and judged, and what it costs over one process with a file; how long a piece is under way; what
 * compression saves; and two client libraries side by side. --only or INDICIA_KAFKA_PARTS names the parts, with commas; without
 * them, the first and the third. INDICIA_KAFKA_PIECES and INDICIA_ROUNDS set the size.
 */

const PARTS = ['stages', 'readers', 'lag', 'compression', 'clients'] as const;
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: process.env.INDICIA_KAFKA_PARTS ?? 'stages,lag' },
    /** With 60,000, the start of code in each process is a tenth of what is measured. */
    pieces: { type: 'string', default: process.env.INDICIA_KAFKA_PIECES ?? '100000' },
    rounds: { type: 'string', default: process.env.INDICIA_ROUNDS ?? '1' },
  },
});
const PIECES = Number(values.pieces);
const ROUNDS = Number(values.rounds);
const LOADS = [0.5, 0.9];
const LAG_MS = 15_000;
const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
/** One scan; the lines of a machine that gathers for a moment; about as much as a message of readings. */
const MESSAGE_LINES = [1, 25, 2_500];
const TRANSFERRED_LINES = 50_000;
const TRANSFER_BATCH_LINES = 2_500;

const available = await benchBroker();
if (typeof available === 'string') {
  process.stdout.write(`Kafka is left out: ${available}\n`);
  process.exit();
}
const broker: BenchBroker = available;
const folder = await mkdtemp(join(tmpdir(), 'indicia-bench-'));
try {
  const part = (name: (typeof PARTS)[number]) => values.only.split(',').includes(name);
  const day = await benchDay();
  process.stdout.write(
    `${machine()}; Kafka ${broker.version}, one broker on the same machine; ${count(PIECES)} pieces\n`,
  );
  if (part('stages')) await stages(day);
  if (part('readers')) await readers(day);
  if (part('lag')) await lag(day);
  if (part('compression')) await compression(day);
  if (part('clients')) await clients(day);
} finally {
  await broker.stop();
  await rm(folder, { recursive: true, force: true });
}

async function benchDay(): Promise<BenchDay> {
  const out = join(folder, 'day');
  const dayMs = Date.UTC(2026, 10, 20);
  await simulate({ psds: 200, licenses: 150, frauds: [], images: 'none', dayMs, seed: 1, pieces: PIECES }, out);
  const lines = (await readFile(join(out, 'scans.ndjson'), 'utf8')).trim().split('\n');
  return { records: lines.map(scanRecord), registry: join(out, 'registry'), folder };
}

/** Processor time of the clients is counted without what a member takes that has nothing to do. */
async function stages(day: BenchDay): Promise<void> {
  const [idleRead, idleJudge] = [await idleSeconds(broker, day, 'read'), await idleSeconds(broker, day, 'judge')];
  const nothing = join(folder, 'nothing.ndjson');
  await writeFile(nothing, '');
  const idleAlone = (await ranAlone(nothing, day.registry, join(folder, 'nothing.duckdb'))).clientSeconds;
  const rows: string[][] = [];
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const prefix = `round-${round}-`;
    const sent = await produced(broker, prefix, day);
    const read = await staged(broker, prefix, day, 'read', [[]]);
    const judged = await staged(broker, prefix, day, 'judge', [[]]);
    const alone = await ranAlone(join(folder, 'day', 'scans.ndjson'), day.registry, join(folder, `${round}.duckdb`));
    const stage = read.clientSeconds - idleRead + judged.clientSeconds - idleJudge;
    const one = alone.clientSeconds - idleAlone;
    ratios.push(stage / one);
    const of = (step: Step, idle: number) => [
      count(step.pieces / step.seconds),
      micros(step.clientSeconds - idle),
      micros(step.brokerSeconds),
    ];
    rows.push([
      `${round}`,
      ...of(sent, 0),
      ...of(read, idleRead),
      ...of(judged, idleJudge),
      micros(one),
      (stage / one).toFixed(2),
    ]);
  }
  const heads = ['produced', 'read', 'judged'].flatMap((step) => [`${step}, a second`, 'client, µs', 'broker, µs']);
  title('Pieces a second, and microseconds of a processor a piece');
  process.stdout.write(markdownTable(['round', ...heads, 'one process, µs', 'stages over one process'], rows));
  process.stdout.write(
    `\nmedian ${median(ratios).toFixed(2)}; the clients of the stages, without producer and broker\n`,
  );
  title('Bytes a piece in each topic, lz4');
  const topics = (['scans', 'readings', 'verdicts'] as const).map((name) => [
    name,
    storedBytes(broker, 'round-1-', name, PIECES).toFixed(0),
  ]);
  process.stdout.write(markdownTable(['topic', 'bytes a piece'], topics));
}

async function readers(day: BenchDay): Promise<void> {
  const rows: string[][] = [];
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const rates: number[] = [];
    for (const members of [1, 2]) {
      const stages = Array.from({ length: members }, () => 'read' as const);
      const step = await answeredBy(broker, `readers-${members}-${round}-`, day, stages);
      const rate = step.pieces / step.seconds;
      rates.push(rate);
      const cores = (seconds: number) => ((seconds / step.pieces) * rate).toFixed(2);
      rows.push([`${round}`, `${members}`, count(rate), cores(step.clientSeconds), cores(step.brokerSeconds)]);
    }
    ratios.push((rates[1] ?? 0) / (rates[0] ?? 1));
  }
  title('Read processes of one worker each, in their group before the scans come');
  const headings = ['round', 'processes', 'read, a second', 'cores that they took', 'cores that the broker took'];
  process.stdout.write(markdownTable(headings, rows));
  process.stdout.write(`\nmedian ratio ${median(ratios).toFixed(2)}\n`);
}

async function lag(day: BenchDay): Promise<void> {
  const whole = await answeredBy(broker, 'whole-', day, ['read', 'judge']);
  const full = whole.pieces / whole.seconds;
  const rows: string[][] = [];
  for (const load of LOADS) {
    const at = await lagAt(broker, `lag-${load * 100}-`, day, Math.floor(full * load), LAG_MS);
    rows.push([
      `${load * 100} %`,
      count(at.piecesASecond),
      count(at.answered),
      at.p50Ms.toFixed(0),
      at.p99Ms.toFixed(0),
    ]);
  }
  title('From sending a scan until its verdict is with a consumer');
  process.stdout.write(`${count(full)} a second when all was there: one reader with one worker, and one judge\n\n`);
  process.stdout.write(markdownTable(['load', 'pieces a second', 'answered', 'p50, ms', 'p99, ms'], rows));
}

async function compression(day: BenchDay): Promise<void> {
  const rows: string[][] = [];
  for (const kind of COMPRESSIONS) {
    const its = await compressedBy(broker, day, kind);
    const { bytesAPiece, producedASecond, producedMicroseconds, consumedASecond } = its;
    rows.push([
      kind,
      bytesAPiece.toFixed(0),
      count(producedASecond),
      producedMicroseconds.toFixed(1),
      count(consumedASecond),
    ]);
  }
  title('Compression of scans, in batches of 500');
  const headings = ['compression', 'bytes a piece', 'produced, a second', 'producer, µs a piece', 'consumed, a second'];
  process.stdout.write(markdownTable(headings, rows));
}

async function clients({ records }: BenchDay): Promise<void> {
  const lines = records.slice(0, TRANSFERRED_LINES).map(({ line }) => `${line}\n`);
  const rows: string[][] = [];
  for (const each of MESSAGE_LINES) {
    const messages = Array.from({ length: Math.floor(lines.length / each) }, (_, index) =>
      Buffer.from(lines.slice(index * each, (index + 1) * each).join('')),
    );
    const ratios: number[] = [];
    const took = { kafkajs: [] as number[], platformatic: [] as number[] };
    for (let round = 1; round <= ROUNDS; round++) {
      const topic = (name: string) => transferTopic(broker, `${name}-${each}-${round}-`);
      const batch = TRANSFER_BATCH_LINES / each;
      const one = await byKafkaJs(broker, await topic('kafkajs'), messages, batch);
      const other = await byPlatformatic(broker, await topic('platformatic'), messages, batch);
      ratios.push(one.seconds / other.seconds);
      took.kafkajs.push(one.seconds, one.processorSeconds);
      took.platformatic.push(other.seconds, other.processorSeconds);
    }
    const rate = (taken: readonly number[]) =>
      count(median(taken.filter((_, at) => at % 2 === 0).map((s) => lines.length / s)));
    const cost = (taken: readonly number[]) =>
      ((median(taken.filter((_, at) => at % 2 === 1)) * 1e6) / lines.length).toFixed(1);
    rows.push([
      `${each}`,
      rate(took.kafkajs),
      cost(took.kafkajs),
      rate(took.platformatic),
      cost(took.platformatic),
      median(ratios).toFixed(2),
    ]);
  }
  title('kafkajs and @platformatic/kafka: the same scans produced and consumed, lz4, four partitions');
  process.stdout.write(
    markdownTable(
      ['lines a message', 'kafkajs, lines a second', 'µs a line', 'platformatic, lines a second', 'µs a line', 'ratio'],
      rows,
    ),
  );
}

function title(text: string): void {
  process.stdout.write(`\n### ${text}\n\n`);
}

function micros(seconds: number): string {
  return ((seconds * 1e6) / PIECES).toFixed(1);
}
