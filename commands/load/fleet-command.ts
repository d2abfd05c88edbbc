import { mkdir, open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, relative, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { ExpectedError, plural } from '../../indicium/index.ts';
import { isKafkaUrl, parseKafkaUrl, topicNamed } from '../../ingest/kafka/index.ts';
import { IMAGE_KINDS } from '../../psd-sim/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { addKafkaOptions, type KafkaOptions, kafkaClient } from '../kafka/kafka-options.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { dayMs, SIMULATED_DAY_MS } from '../simulate-command.ts';
import { count, Progress, printJson, rate, type Terminal } from '../terminal.ts';
import { kafkaTarget } from './fleet-kafka.ts';
import { type LoadPlan, loadServer } from './fleet-load.ts';
import { CHUNK_PIECES_MAX, chunksOf, openPieces, type Pieces, stepMsOf } from './fleet-pieces.ts';
import { ENDPOINTS } from './senders.ts';

interface FleetOptions extends LoadPlan, KafkaOptions {
  readonly rate?: number;
  readonly seconds?: number;
  readonly pieces?: number;
}

/** The target cannot be written to by this command. */
class FleetTargetError extends ExpectedError {
  override readonly name = 'FleetTargetError';
  override readonly failure = 'fleet-target';
}

const SECONDS_DEFAULT = 10;
const RATE_MAX = 1_000_000;
const PIECES_MAX = 1_000_000_000;
const FLEET_MAX = 100_000;
const WORKERS_MAX = 60;
const CHUNKS_A_SECOND = 20;
/** Pieces of one request; a server takes no more. */
const BATCH_MAX = 1_000;
const DEADLINE_MS_MAX = 60_000;

export function addFleetCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  addKafkaOptions(program.command('fleet'))
    .summary('a fleet of PSDs that franks at a rate, or as fast as it can')
    .description(
      'Builds a fleet, publishes its registry to DIR/registry and then writes one scan a piece as NDJSON. The same ' +
        'seed, fleet, rate and number of threads give the same bytes again. With --replay the scans of a simulated day ' +
        'are given out instead, as often as needed. With --to http://HOST:PORT it drives a running server at a fixed rate: ' +
        'everything is franked before the clock starts, each piece has its due time, and what is measured begins there. ' +
        'Exit code 3 when a piece was refused or failed.',
    )
    .option(
      '--to <target>',
      'a file, - for standard output, kafka://host:port[/topic], or http://HOST:PORT of a server',
      '-',
    )
    .option('--out <dir>', 'folder for registry and images', 'indicia-fleet')
    .addOption(
      new Option('--rate <n>', 'pieces a second; without it, as fast as possible').argParser(wholeNumber(1, RATE_MAX)),
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
    .option('--replay <dir>', 'a simulated day to send instead')
    .addOption(new Option('--day <date>', 'UTC').default(SIMULATED_DAY_MS, '2026-11-20').argParser(dayMs))
    .addOption(new Option('--endpoint <kind>', 'of the server').choices(ENDPOINTS).default('single'))
    .addOption(new Option('--batch <n>', 'pieces of a batch').default(50).argParser(wholeNumber(1, BATCH_MAX)))
    .addOption(
      new Option('--deadline-ms <n>', 'until the server answers with a default').argParser(
        wholeNumber(1, DEADLINE_MS_MAX),
      ),
    )
    .option('--token-file <file>', "a sorter's token; its scans are then of the token's plant")
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia fleet --rate 500 --seconds 60 --out fleet | indicia run - --registry fleet/registry --db fleet.duckdb' +
        '\n  indicia fleet --to http://127.0.0.1:8080 --rate 100 --seconds 60 --images crops --out fleet',
    )
    .action(async (options: FleetOptions) => {
      finish(await runFleet(options, terminal));
    });
}

async function runFleet(options: FleetOptions, terminal: Terminal): Promise<ExitCode> {
  const progress = new Progress(terminal);
  if (/^https?:\/\//.test(options.to)) {
    const { to, rate: aSecond } = options;
    if (aSecond === undefined) throw new FleetTargetError(`${to}: a server is driven at a rate: say --rate N`);
    return await loadServer(options, { rate: aSecond, total: totalOf(options) }, terminal, progress);
  }
  const target = await openTarget(options, terminal);
  const pieces = await openPieces(options, imagePrefix(options), progress);
  try {
    const { written, ms, lateMs } = await pump(options, pieces, target, progress);
    if (options.to !== '-') await finished(target.end());
    progress.done(
      `${plural(written, 'piece')}, ${rate(written, ms, 'a second')}, at most ${count(Math.round(lateMs))} ms late`,
    );
    const summary = { pieces: written, seconds: ms / 1000, lateMs };
    if (options.json && options.to !== '-') await printJson(terminal, summary);
    return EXIT.done;
  } finally {
    await pieces.close();
  }
}

/**
 * Pictures are named relative to the file with the scans, or to the folder of the program that reads standard input.
 */
function imagePrefix({ to, images, replay, out }: FleetOptions): string {
  const folder = replay ?? out;
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
    return kafkaTarget(await kafkaClient(to, options), topic, resolve(options.replay ?? options.out), terminal.nowMs);
  }
  if (/^\w+:\/\//.test(to)) {
    throw new FleetTargetError(
      `${to}: a fleet writes to a file, to - or to kafka://host:port, or drives http://HOST:PORT`,
    );
  }
  await mkdir(dirname(resolve(to)), { recursive: true });
  const file = await open(to, 'w');
  return file.createWriteStream();
}

/** Open loop: each chunk has its time, whether or not the ones before it were taken in time. */
async function pump(options: FleetOptions, pieces: Pieces, target: Writable, progress: Progress) {
  const { rate: aSecond, day } = options;
  const chunkPieces =
    aSecond === undefined
      ? CHUNK_PIECES_MAX
      : Math.min(CHUNK_PIECES_MAX, Math.max(1, Math.ceil(aSecond / CHUNKS_A_SECOND)));
  const stepMs = stepMsOf(options, aSecond);
  let written = 0;
  let lateMs = 0;
  const startedAtMs = performance.now();
  const isOver = () => aSecond === undefined && performance.now() - startedAtMs >= secondsOf(options) * 1000;
  for await (const chunk of chunksOf(pieces, { total: totalOf(options), chunkPieces, stepMs, day })) {
    if (isOver()) break;
    if (aSecond !== undefined) {
      const dueMs = startedAtMs + (chunk.first * 1000) / aSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      lateMs = Math.max(lateMs, performance.now() - dueMs);
    }
    if (!target.write(chunk.lines)) await new Promise((drained) => target.once('drain', drained));
    written += chunk.count;
    progress.show(plural(written, 'piece'));
  }
  return { written, ms: performance.now() - startedAtMs, lateMs };
}

function secondsOf({ seconds, pieces }: FleetOptions): number {
  return seconds ?? (pieces === undefined ? SECONDS_DEFAULT : Number.POSITIVE_INFINITY);
}

/** Without a rate the time decides. */
function totalOf(options: FleetOptions): number {
  const pieces = options.pieces ?? Number.POSITIVE_INFINITY;
  return Math.min(pieces, (options.rate ?? Number.POSITIVE_INFINITY) * secondsOf(options));
}
