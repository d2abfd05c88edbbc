import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchBroker } from './kafka-cluster.ts';
import { noteMeasurement } from './measurements.ts';
import { simulatedDay } from './picture-days.ts';
import { plotPairs } from './plot-pairs.ts';
import { indiciaMeasured } from './processor-time.ts';
import { PeakMemory } from './resident-memory.ts';
import { KafkaSubject } from './steady-kafka.ts';
import { DAY_PIECES, frankedPayloads } from './steady-mail.ts';
import { RunSubject } from './steady-run.ts';
import { ServeSubject } from './steady-serve.ts';
import { type SteadyState, WINDOWS_MIN } from './steady-state.ts';
import { measureSteady, type Subject } from './steady-windows.ts';
import { count, machine, markdownTable } from './table.ts';

/**
 * Each way of scans to durable verdicts as it goes on for hours, with one worker and with two: the rate of window after window
 * once it has settled, and the most memory. A way that does not settle fails. Then a day of a middle-sized post whole.
 * INDICIA_STEADY_SECONDS sets how long the windows of each last together (9; with minutes they are of 5 s),
 * INDICIA_STEADY_WAYS which of the ways, with commas, and INDICIA_STEADY_PAYLOADS how much mail there is.
 */

const SECONDS = Number(process.env.INDICIA_STEADY_SECONDS ?? 9);
const WINDOW_SECONDS_MAX = 5;
const WINDOWS = Math.max(WINDOWS_MIN + 1, Math.round(SECONDS / WINDOW_SECONDS_MAX));
const WARMING_SECONDS = Math.min(20, SECONDS / 3);
const PLAN = { warmingSeconds: WARMING_SECONDS, seconds: SECONDS, windowSeconds: SECONDS / WINDOWS };
/** More than two cores have managed; mail that ends before ends its measurement, which then has fewer windows. */
const PAYLOADS_A_SECOND = 35_000;
const PAYLOADS = Number(
  process.env.INDICIA_STEADY_PAYLOADS ?? Math.max(DAY_PIECES, PAYLOADS_A_SECOND * (WARMING_SECONDS + SECONDS)),
);
/** Given out again and again. */
const CROPS = 3_000;
const FACES = 300;
const WORKERS = [1, 2] as const;
const RECEIVED_AT = '2026-11-21T18:00:00Z';

const WAYS = ['payloads', 'crops', 'faces', 'HTTP', 'Kafka', 'day'] as const;
type Way = (typeof WAYS)[number];
const wanted = (process.env.INDICIA_STEADY_WAYS ?? WAYS.join(',')).split(',');
const isWanted = (way: Way) => wanted.includes(way);

interface Steady extends SteadyState {
  readonly peakBytes: number;
}

type Start = (workers: number) => Promise<{ readonly subject: Stoppable; readonly pids: readonly number[] }>;
type Stoppable = Subject & { stop(): Promise<void> };

const folder = await mkdtemp(join(tmpdir(), 'indicia-steady-'));
const ENDS = { after: (end: () => unknown) => void process.once('exit', end) };
const registry = join(folder, 'registry');
const rows: string[][] = [];
const bars: { label: string; first: number; second: number }[] = [];
const problems: string[] = [];
try {
  await main();
} finally {
  await rm(folder, { recursive: true });
}

async function main(): Promise<void> {
  process.stdout.write(
    `${machine()}; ${WINDOWS} windows of ${PLAN.windowSeconds.toFixed(1)} s after ${WARMING_SECONDS.toFixed(0)} s and more\n\n`,
  );
  tell(`franking ${count(PAYLOADS)} payloads`);
  const scans = await frankedPayloads(folder, PAYLOADS);
  await measured('payloads', async (workers) => {
    return running({ scans, registry, db: join(folder, `payloads-${workers}.duckdb`), workers });
  });
  for (const [way, pieces] of [
    ['crops', CROPS],
    ['faces', FACES],
  ] as const) {
    if (!isWanted(way)) continue;
    tell(`printing ${way}`);
    const day = await simulatedDay(join(folder, way), pieces, way);
    await measured(way, async (workers) => {
      const db = join(folder, `${way}-${workers}.duckdb`);
      return running({ scans: { replay: day }, registry: join(day, 'registry'), db, workers });
    });
  }
  await measured('HTTP', async (workers) => {
    const db = join(folder, `http-${workers}.duckdb`);
    const subject = await ServeSubject.start(ENDS, { scans, registry, db, workers });
    return { subject, pids: [subject.pid] };
  });
  const noBroker = isWanted('Kafka') ? await onBroker(scans) : null;
  const headings = [
    'way',
    'workers',
    'a second',
    'spread',
    'drift',
    'processor ms a piece',
    'peak memory, MiB',
    'steady',
  ];
  process.stdout.write(markdownTable(headings, rows));
  if (noBroker !== null) process.stdout.write(`\nKafka is left out: ${noBroker}\n`);
  const [first] = scans;
  if (isWanted('day') && first !== undefined) await wholeDay(first);
  if (bars.length > 0) {
    const names = { first: 'one worker', second: 'two workers' };
    plotPairs('steady', 'Pieces a second to a durable verdict at steady state', names, bars);
  }
  for (const problem of problems) process.stderr.write(`not steady: ${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}

async function running(task: ConstructorParameters<typeof RunSubject>[0]) {
  const subject = new RunSubject(task);
  return { subject, pids: [subject.pid] };
}

/** Why no broker can be started; null where one can. */
async function onBroker(scans: readonly string[]): Promise<string | null> {
  const broker = await benchBroker();
  if (typeof broker === 'string') return broker;
  try {
    await measured('Kafka', async (workers) => {
      const task = { scans, registry, folder, prefix: `steady-${workers}-`, workers };
      const subject = await KafkaSubject.start(broker, task);
      return { subject, pids: subject.pids };
    });
  } finally {
    await broker.stop();
  }
  return null;
}

async function measured(way: Way, start: Start): Promise<void> {
  if (!isWanted(way)) return;
  const rates: number[] = [];
  for (const workers of WORKERS) {
    const name = `${way}, ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
    tell(name);
    const steady = await steadyOf(start, workers);
    const { rates: samples, aSecond, problem } = steady;
    if (problem === null) rates.push(aSecond);
    else problems.push(`${name}: ${problem}`);
    rows.push([way, `${workers}`, ...cellsOf(steady), problem === null ? 'yes' : 'no']);
    noteMeasurement({
      name: `${name}, a second`,
      unit: 'pieces',
      better: 'higher',
      isPaired: false,
      samples: [...samples],
    });
  }
  const [first, second] = rates;
  if (first !== undefined && second !== undefined) bars.push({ label: way, first, second });
}

function cellsOf({ rates, aSecond, spread, drift, processorMs, peakBytes }: Steady): string[] {
  const memory = (peakBytes / 2 ** 20).toFixed(0);
  if (rates.length === 0) return ['–', '–', '–', '–', memory];
  const cost = processorMs.toFixed(processorMs < 1 ? 3 : 2);
  return [count(aSecond), `± ${percent(spread)}`, percent(drift), cost, memory];
}

async function steadyOf(start: Start, workers: number): Promise<Steady> {
  const { subject, pids } = await start(workers);
  const memory = new PeakMemory(...pids);
  try {
    return { ...(await measureSteady(subject, PLAN, { sleep })), peakBytes: memory.together };
  } finally {
    memory.stop();
    await subject.stop();
  }
}

/** Starting, compiling, the detectors and ending included. */
async function wholeDay(scans: string): Promise<void> {
  tell('a day, whole');
  const args = ['run', scans, '--registry', registry, '--db', join(folder, 'day.duckdb'), '--received-at', RECEIVED_AT];
  const { stdout, wallSeconds, processorSeconds, peakBytes } = await indiciaMeasured([...args, '--json']);
  const { scans: pieces }: { scans: number } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  process.stdout.write(
    `\nA day of ${count(pieces)} payloads, whole: ${wallSeconds.toFixed(1)} s, ${count(pieces / wallSeconds)} a second, ` +
      `${((1000 * processorSeconds) / pieces).toFixed(3)} ms of a processor a piece, at most ${(peakBytes / 2 ** 20).toFixed(0)} MiB\n`,
  );
  noteMeasurement({ name: 'a day, whole', unit: 's', better: 'lower', isPaired: false, samples: [wallSeconds] });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function tell(step: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${step}`);
}
