import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { DEFAULT_POLICY, RecorderThread, readPolicy } from '../analytics/index.ts';
import { createReaderPool, emptySummary, type RunSummary, runPipeline, TrustWatch } from '../app/index.ts';
import { dropFolder, isKafkaUrl, SESSION_SECONDS } from '../ingest/index.ts';
import { SourceError } from '../scans/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addKafkaOptions, type KafkaOptions } from './kafka/kafka-options.ts';
import { type ListenerFlags, listenerFlags } from './listener-flags.ts';
import { type OpenedSources, openSources } from './open-sources.ts';
import {
  type DropFlags,
  databaseOption,
  dropFlags,
  dropOptionsOf,
  jsonOption,
  policyOption,
  registryOption,
  wholeNumber,
  workersOption,
} from './options.ts';
import { receiptClock, receivedAtOption } from './received-at.ts';
import { ignoredSentence, jsonReport, type RunReport, textReport } from './run-report.ts';
import { runStage } from './run-stage.ts';
import { STAGES, type StageName } from './serve-stage.ts';
import { stopSignal } from './stop-signal.ts';
import { storePorts } from './store-ports.ts';
import { count, Progress, plural, print, printJson, rate, type Terminal, warn } from './terminal.ts';
import { warnOfFaults } from './warn-of-faults.ts';

const STAGE_DEFAULTS = { prefix: '', detectEvery: 30, sessionSeconds: SESSION_SECONDS, apiHost: '127.0.0.1' };

export interface RunOptions extends Partial<KafkaOptions>, ListenerFlags {
  readonly stage?: StageName;
  readonly registry: string;
  readonly db?: string;
  readonly policy?: string;
  readonly json?: boolean;
  readonly workers?: number;
  readonly detectEvery?: number;
  readonly sessionSeconds?: number;
  readonly apiPort?: number;
  readonly apiHost?: string;
  readonly tokens?: string;
  readonly untilDrained?: boolean;
  readonly publish?: boolean;
  /** From when on scans count as received; not given, by the clock, and of files nobody knows. */
  readonly receivedAt?: number;
  /** A folder that is watched until the program is asked to stop. */
  readonly drop?: DropFlags & { readonly watch: string };
}

interface RunFlags extends RunOptions, DropFlags {
  readonly watch?: string;
}

export function addRunCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = addKafkaOptions(program.command('run'))
    .summary('read, verify and judge scans, and look for fraud')
    .description(
      'Reads scans, answers each with a verdict, records everything in a store and runs the detectors over it. A topic of ' +
        'Kafka is read until SIGTERM. With --stage, this is one of many processes that share the work: --db is then a ' +
        'folder with a store for each partition.',
    )
    .argument(
      '[source...]',
      'NDJSON file, - for standard input, a folder (of images, or with a scans.ndjson), or kafka://host:port/topic',
    )
    .option('--watch <dir>', 'take images that are dropped into this folder, until SIGINT or SIGTERM')
    .addOption(registryOption())
    .addOption(databaseOption(false))
    .addOption(policyOption())
    .addOption(workersOption())
    .addOption(receivedAtOption())
    .addOption(new Option('--stage <name>', 'only read, or only judge, between topics of Kafka').choices(STAGES))
    .addOption(
      new Option('--detect-every <seconds>', 'how often a judge stage runs its detectors while scans come')
        .default(STAGE_DEFAULTS.detectEvery)
        .argParser(wholeNumber(1, 86_400)),
    )
    .addOption(
      new Option('--session-seconds <n>', 'after which the others take over from a stage that says nothing')
        .default(STAGE_DEFAULTS.sessionSeconds)
        .argParser(wholeNumber(1, 300)),
    )
    .addOption(
      new Option('--api-port <n>', 'of a stage: health, metrics and evidence over HTTP; 0 for a free port').argParser(
        wholeNumber(0, 65_535),
      ),
    )
    .addOption(new Option('--api-host <host>', 'where that listens').default(STAGE_DEFAULTS.apiHost))
    .option('--tokens <file>', 'who may ask there (indicia token); without, only this machine')
    .option('--until-drained', 'of Kafka: end when all is done that was there')
    .option('--publish', 'of Kafka, without stages: send the verdicts to the topic of verdicts')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia run day/scans.ndjson --registry day/registry --db day.duckdb' +
        '\n  indicia run --watch drop --registry day/registry --db day.duckdb' +
        '\n  indicia run kafka://127.0.0.1:9092/scans --registry registry --db post.duckdb' +
        '\n  indicia run --stage judge kafka://127.0.0.1:9092 --registry registry --db stores',
    )
    .action(async (sources: string[], { watch, namePattern, settleMs, patienceMs, ...rest }: RunFlags) => {
      if ((sources.length === 0) === (watch === undefined)) {
        return command.error('error: expected either sources or --watch, which goes on until it is stopped');
      }
      const options: RunOptions =
        watch === undefined ? rest : { ...rest, drop: { watch, namePattern, settleMs, patienceMs } };
      if (options.stage !== undefined) {
        const [url = '', ...more] = sources;
        if (!isKafkaUrl(url) || more.length > 0) throw new SourceError('a stage has one source: kafka://host:port');
        await runStage(url, { ...STAGE_DEFAULTS, ...options, stage: options.stage }, terminal);
        finish(EXIT.done);
        return;
      }
      const report = await run(sources, options, terminal);
      await (options.json ? printJson(terminal, jsonReport(report)) : print(terminal, textReport(report)));
      if (report.unusable > 0) {
        warn(terminal, `${plural(report.unusable, 'scan')} had an unusable record or image: see their verdicts`);
      }
      if (report.reused > 0) {
        warn(
          terminal,
          `${plural(report.reused, 'scan')} had a scan id that their plant had used before: see their verdicts`,
        );
      }
      for (const one of report.ignored) warn(terminal, ignoredSentence(one));
      for (const sentence of report.notices) warn(terminal, sentence);
      const isUnclear = report.ignored.length > 0 || report.notices.length > 0;
      const needsAttention = report.unusable > 0 || report.reused > 0 || isUnclear;
      finish(needsAttention ? EXIT.attention : EXIT.done);
    });
  for (const option of [...listenerFlags(), ...dropFlags()]) command.addOption(option);
}

/** Runs the pipeline over the sources, one after another, or over a watched folder, and then the detectors. */
export async function run(sources: readonly string[], options: RunOptions, terminal: Terminal): Promise<RunReport> {
  const startedAtMs = performance.now();
  const policy = options.policy === undefined ? DEFAULT_POLICY : readPolicy(options.policy);
  const { db } = options;
  if (db === undefined) throw new SourceError('the store is missing: name it with --db, or INDICIA_DB');
  if (sources.includes('-')) await somethingIn(terminal.stdin);
  const opened =
    options.drop === undefined ? await openSources(sources, options, terminal) : await openDrop(options.drop, terminal);
  const trust = await TrustWatch.open(options.registry, {
    nowMs: terminal.nowMs,
    onRefused: (error) => warn(terminal, `indicia: a newer registry was not accepted: ${error.message}`),
  });
  const notices = {
    onPaused: (reason: string) =>
      warn(terminal, `indicia: paused, nothing is lost: ${db} cannot be written: ${reason}`),
    onResumed: () => warn(terminal, `indicia: ${db} can be written again; going on`),
    store: storePorts(terminal),
  };
  const recorder = await RecorderThread.open(db, notices, policy);
  const isLive = options.drop !== undefined || sources.some(isKafkaUrl);
  const isReceiptKnown = isLive || options.receivedAt !== undefined;
  const readers = createReaderPool(() => trust.current, options.workers, {
    onFaults: warnOfFaults(terminal),
    receivedAtMs: isReceiptKnown ? receiptClock(options.receivedAt, terminal.nowMs) : undefined,
  });
  const progress = new Progress(terminal);
  const summary = emptySummary();
  try {
    await recorder.setRegistry(trust.current);
    trust.start();
    const onProgress = ({ scans }: RunSummary) => {
      progress.show(`${count(scans)} scans, ${rate(scans, performance.now() - startedAtMs, 'a second')}`);
    };
    for (const source of opened.sources) {
      await runPipeline({ source, readers, recorder, onProgress }, summary);
    }
    progress.show('looking for fraud');
    await trust.stop();
    await recorder.setRegistry(trust.current);
    const findings = await recorder.detectAlone();
    const secondsTotal = (performance.now() - startedAtMs) / 1000;
    progress.done(`${plural(summary.scans, 'scan')} in ${secondsTotal.toFixed(1)} s`);
    return { ...summary, images: readers.imageCounts, findings, secondsTotal };
  } finally {
    await trust.stop();
    await readers.close();
    await recorder.close();
    await opened.close();
  }
}

/** In `indicia fleet … | indicia run -`, the fleet publishes its registry before it writes the first scan. */
async function somethingIn(stdin: Terminal['stdin']): Promise<void> {
  if (!stdin.readableEnded && stdin.readableLength === 0) await once(stdin, 'readable');
}

async function openDrop(drop: DropFlags & { readonly watch: string }, terminal: Terminal): Promise<OpenedSources> {
  const { signal, end } = stopSignal();
  const source = await dropFolder(drop.watch, dropOptionsOf(drop), {
    nowMs: terminal.nowMs,
    stopped: signal,
    onRefused: (sentence) => warn(terminal, sentence),
  });
  return { sources: [source], close: async () => end() };
}
