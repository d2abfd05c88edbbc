import { mkdir, open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, relative, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { isKafkaUrl, parseKafkaUrl, topicNamed } from '../ingest/index.ts';
import { FleetStream, IMAGE_KINDS, type ImageKind, Replay } from '../psd-sim/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { kafkaTarget } from './fleet-kafka.ts';
import { addKafkaOptions, type KafkaOptions, kafkaClient } from './kafka-options.ts';
import { jsonOption, wholeNumber } from './options.ts';
import { dayMs, SIMULATED_DAY_MS } from './simulate-command.ts';
import { count, Progress, plural, print, rate, type Terminal } from './terminal.ts';

interface FleetOptions extends KafkaOptions {
  readonly to: string;
  readonly out: string;
  readonly rate?: number;
  readonly seconds?: number;
  readonly pieces?: number;
  readonly psds: number;
  readonly licenses: number;
  readonly seed: number;
  readonly images: ImageKind;
  readonly workers: number;
  readonly replay?: string;
  readonly day: number;
  readonly json?: boolean;
}

/** The target cannot be written to by this command. */
export class FleetTargetError extends Error {
  override readonly name = 'FleetTargetError';
}

const SECONDS_DEFAULT = 10;
const RATE_MAX = 1_000_000;
const PIECES_MAX = 1_000_000_000;
const FLEET_MAX = 100_000;
const WORKERS_MAX = 60;
/** Without a rate, virtual time passes as if so many pieces a second were franked: about as many as are. */
const VIRTUAL_RATE = 10_000;
const CHUNKS_A_SECOND = 20;
const CHUNK_PIECES_MAX = 200;
/** Chunks that each thread works on ahead of time. */
const CHUNKS_AHEAD = 2;
const DAY_OPENS_MS = 8 * 3_600_000;
/** No refill is needed on the way: so many of the dearest pieces are paid for each register set. */
const REFILL_MILLS = 10_000_000_000n;

export function addFleetCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  addKafkaOptions(program.command('fleet'))
    .summary('a fleet of PSDs that franks at a rate, or as fast as it can')
    .description(
      'Builds a fleet, publishes its registry to DIR/registry and then writes one scan a piece as NDJSON. The same ' +
        'seed, fleet, rate and number of threads give the same bytes again. With --replay the scans of a simulated day ' +
        'are given out instead, as often as needed.',
    )
    .option('--to <target>', 'a file, - for standard output, or kafka://host:port[/topic]', '-')
    .option('--out <dir>', 'folder for registry and images', 'indicia-fleet')
    .addOption(
      new Option('--rate <n>', 'pieces a second; as fast as it goes without').argParser(wholeNumber(1, RATE_MAX)),
    )
    .addOption(new Option('--seconds <n>', `how long (default: ${SECONDS_DEFAULT})`).argParser(wholeNumber(1, 864_000)))
    .addOption(new Option('--pieces <n>', 'how many, instead of how long').argParser(wholeNumber(1, PIECES_MAX)))
    .addOption(new Option('--psds <n>', 'postal security devices').default(200).argParser(wholeNumber(1, FLEET_MAX)))
    .addOption(new Option('--licenses <n>', 'licenses').default(150).argParser(wholeNumber(1, FLEET_MAX)))
    .addOption(new Option('--seed <n>', 'whole number').default(1).argParser(wholeNumber(0, 2 ** 32)))
    .addOption(new Option('--images <kind>', 'what scanners hand over').choices(IMAGE_KINDS).default('none'))
    .addOption(
      new Option('--workers <n>', 'threads').default(availableParallelism()).argParser(wholeNumber(1, WORKERS_MAX)),
    )
    .option('--replay <dir>', 'a simulated day to give out instead')
    .addOption(new Option('--day <date>', 'UTC').default(SIMULATED_DAY_MS, '2026-11-20').argParser(dayMs))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  indicia fleet --rate 500 --seconds 60 --out fleet | indicia run - --registry fleet/registry --db fleet.duckdb',
    )
    .action(async (options: FleetOptions) => {
      finish(await runFleet(options, terminal));
    });
}

/** Where lines come from: a fleet, or a day that was simulated before. */
interface Pieces {
  readonly take: (count: number, firstMs: number, stepMs: number, chunk: number) => Promise<string>;
  readonly ahead: number;
  readonly close: () => Promise<void>;
}

async function runFleet(options: FleetOptions, terminal: Terminal): Promise<ExitCode> {
  const progress = new Progress(terminal);
  const target = await openTarget(options, terminal);
  const pieces = await openPieces(options, progress);
  try {
    const { written, ms, lateMs } = await pump(options, pieces, target, progress);
    if (options.to !== '-') await finished(target.end());
    progress.done(
      `${plural(written, 'piece')}, ${rate(written, ms, 'a second')}, at most ${count(Math.round(lateMs))} ms late`,
    );
    const summary = { pieces: written, seconds: ms / 1000, lateMs };
    if (options.json && options.to !== '-') await print(terminal, `${JSON.stringify(summary)}\n`);
    return EXIT.done;
  } finally {
    await pieces.close();
  }
}

async function openPieces(options: FleetOptions, progress: Progress): Promise<Pieces> {
  const { replay, psds, licenses, seed, images, workers, day, out } = options;
  if (replay !== undefined) {
    const library = await Replay.open(replay, imagePrefix(options, replay));
    return { take: async (many) => library.take(many), ahead: 1, close: async () => {} };
  }
  const fleet = await FleetStream.open(
    {
      psds,
      licenses,
      seed,
      images,
      workers,
      dayMs: day,
      refillMills: REFILL_MILLS,
      imagePrefix: imagePrefix(options, out),
    },
    out,
    (done, total) => progress.show(`licensed ${count(done)} of ${count(total)} register sets`),
  );
  progress.done(`registry published in ${out}`);
  return {
    take: (many, firstMs, stepMs, chunk) => fleet.frank({ count: many, firstMs, stepMs }, chunk),
    ahead: CHUNKS_AHEAD * fleet.workers,
    close: () => fleet.close(),
  };
}

/** Pictures are named relative to the file with the scans, or to where whoever reads standard input is. */
function imagePrefix({ to, images, replay }: FleetOptions, folder: string): string {
  // Pictures become messages: here they are only found.
  if (isKafkaUrl(to)) return `${resolve(folder)}/`;
  const prefix = relative(to === '-' ? process.cwd() : dirname(resolve(to)), resolve(folder));
  if (prefix.startsWith('..') && (images !== 'none' || replay !== undefined)) {
    throw new FleetTargetError(
      `${folder}: images must lie below the folder of their scans; write to ${folder}/scans.ndjson`,
    );
  }
  return prefix === '' ? '' : `${prefix}/`;
}

async function openTarget(options: FleetOptions, terminal: Terminal): Promise<Writable> {
  const { to } = options;
  if (to === '-') return terminal.stdout;
  if (isKafkaUrl(to)) {
    const topic = parseKafkaUrl(to).topic ?? topicNamed(options.prefix, 'scans');
    return kafkaTarget(kafkaClient(to, options), topic, terminal.nowMs);
  }
  if (/^\w+:\/\//.test(to)) throw new FleetTargetError(`${to}: a fleet writes to a file, to - or to kafka://host:port`);
  await mkdir(dirname(resolve(to)), { recursive: true });
  const file = await open(to, 'w');
  return file.createWriteStream();
}

/** Open loop: each chunk has its time, whether or not the ones before it were taken in time. */
async function pump(options: FleetOptions, pieces: Pieces, target: Writable, progress: Progress) {
  const aSecond = options.rate;
  const chunkPieces =
    aSecond === undefined
      ? CHUNK_PIECES_MAX
      : Math.min(CHUNK_PIECES_MAX, Math.max(1, Math.ceil(aSecond / CHUNKS_A_SECOND)));
  const secondsMax = options.seconds ?? (options.pieces === undefined ? SECONDS_DEFAULT : Number.POSITIVE_INFINITY);
  const total = Math.min(
    options.pieces ?? Number.POSITIVE_INFINITY,
    (aSecond ?? Number.POSITIVE_INFINITY) * secondsMax,
  );
  const stepMs = 1000 / (aSecond ?? VIRTUAL_RATE);
  const opensMs = options.day + DAY_OPENS_MS;
  const queue: { readonly lines: Promise<string>; readonly count: number; readonly first: number }[] = [];
  let asked = 0;
  let written = 0;
  let lateMs = 0;
  let chunk = 0;
  const startedAtMs = performance.now();
  const isOver = () => aSecond === undefined && performance.now() - startedAtMs >= secondsMax * 1000;
  while (written < total && !isOver()) {
    while (queue.length < pieces.ahead && asked < total) {
      const many = Math.min(chunkPieces, total - asked);
      const lines = pieces.take(many, opensMs + asked * stepMs, stepMs, chunk);
      // A failing thread is noticed when its turn comes; until then nothing else may notice it first.
      lines.catch(() => {});
      queue.push({ lines, count: many, first: asked });
      asked += many;
      chunk += 1;
    }
    const next = queue.shift();
    if (next === undefined) break;
    const lines = await next.lines;
    if (aSecond !== undefined) {
      const dueMs = startedAtMs + (next.first * 1000) / aSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      lateMs = Math.max(lateMs, performance.now() - dueMs);
    }
    if (!target.write(lines)) await new Promise((drained) => target.once('drain', drained));
    written += next.count;
    progress.show(`${count(written)} pieces`);
  }
  return { written, ms: performance.now() - startedAtMs, lateMs };
}
