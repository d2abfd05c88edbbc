import type { Command } from 'commander';
import { DEFAULT_POLICY, RecorderThread, readPolicy } from '../analytics/index.ts';
import type { ImageCounts } from '../decode/index.ts';
import { dropFolder, openSource, type ScanSource } from '../ingest/index.ts';
import { emptySummary, type RunSummary, runPipeline } from '../pipeline.ts';
import { createReaderPool } from '../reader-pool.ts';
import { TrustWatch } from '../trust-watch.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import {
  type DropFlags,
  databaseOption,
  dropFlags,
  dropOptionsOf,
  jsonOption,
  policyOption,
  registryOption,
  workersOption,
} from './options.ts';
import { stopSignal } from './stop-signals.ts';
import { count, Progress, plural, print, printJson, rate, type Terminal, warn } from './terminal.ts';

interface RunOptions {
  readonly registry: string;
  readonly db: string;
  readonly policy?: string;
  readonly json?: boolean;
  readonly workers?: number;
  /** A folder that is watched until the program is asked to stop. */
  readonly drop?: DropFlags & { readonly watch: string };
}

interface RunFlags extends RunOptions, DropFlags {
  readonly watch?: string;
}

export interface RunReport extends RunSummary {
  /** Images by the rung of the ladder that read them, or the reason why none did. */
  readonly images: ImageCounts;
  readonly findings: number;
  readonly secondsTotal: number;
}

export function addRunCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command('run')
    .summary('read, verify and judge scans, and look for fraud')
    .description(
      'Reads scans, answers each with a verdict, records everything in a store and runs the detectors over it.',
    )
    .argument('[source...]', 'NDJSON file, - for standard input, or a folder (of images, or with a scans.ndjson)')
    .option('--watch <dir>', 'take images that are dropped into this folder, until SIGINT or SIGTERM')
    .addOption(registryOption())
    .addOption(databaseOption())
    .addOption(policyOption())
    .addOption(workersOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia run day/scans.ndjson --registry day/registry --db day.duckdb' +
        '\n  indicia run --watch drop --registry day/registry --db day.duckdb',
    )
    .action(async (sources: string[], { watch, namePattern, settleMs, patienceMs, ...rest }: RunFlags) => {
      if ((sources.length === 0) === (watch === undefined)) {
        return command.error('error: expected either sources or --watch, which goes on until it is stopped');
      }
      const options: RunOptions =
        watch === undefined ? rest : { ...rest, drop: { watch, namePattern, settleMs, patienceMs } };
      const report = await run(sources, options, terminal);
      await (options.json ? printJson(terminal, jsonReport(report)) : print(terminal, textReport(report)));
      if (report.unusable > 0) {
        warn(terminal, `${plural(report.unusable, 'scan')} had an unusable record or image: see their verdicts`);
      }
      for (const sentence of report.unfinished) warn(terminal, sentence);
      finish(report.unusable > 0 || report.unfinished.length > 0 ? EXIT.attention : EXIT.done);
    });
  for (const option of dropFlags()) command.addOption(option);
}

/** Runs the pipeline over the sources, one after another, or over a watched folder, and then the detectors. */
export async function run(sources: readonly string[], options: RunOptions, terminal: Terminal): Promise<RunReport> {
  const startedAtMs = performance.now();
  const policy = options.policy === undefined ? DEFAULT_POLICY : readPolicy(options.policy);
  const opened =
    options.drop === undefined
      ? await Promise.all(sources.map((source) => openSource(source, terminal.stdin)))
      : [await openDrop(options.drop, terminal)];
  const trust = await TrustWatch.open(options.registry, {
    nowMs: terminal.nowMs,
    onRefused: (error) => warn(terminal, `indicia: a newer registry was not accepted: ${error.message}`),
  });
  const notices = {
    onPaused: (reason: string) =>
      warn(terminal, `indicia: paused, nothing is lost: ${options.db} cannot be written: ${reason}`),
    onResumed: () => warn(terminal, `indicia: ${options.db} can be written again; going on`),
  };
  const recorder = await RecorderThread.open(options.db, notices, policy);
  const readers = createReaderPool(() => trust.current, options.workers);
  const progress = new Progress(terminal);
  const summary = emptySummary();
  try {
    await recorder.setRegistry(trust.current);
    trust.start();
    const onProgress = ({ scans }: RunSummary) => {
      progress.show(`${count(scans)} scans, ${rate(scans, performance.now() - startedAtMs, 'a second')}`);
    };
    for (const source of opened) {
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
  }
}

function openDrop(drop: DropFlags & { readonly watch: string }, terminal: Terminal): Promise<ScanSource> {
  return dropFolder(drop.watch, dropOptionsOf(drop), {
    nowMs: terminal.nowMs,
    stopped: stopSignal(),
    onRefused: (sentence) => warn(terminal, sentence),
  });
}

function jsonReport(report: RunReport): Record<string, number | ImageCounts> {
  const { dispositions, scans, repeated, unusable, findings, secondsTotal } = report;
  return {
    scans,
    accepted: dispositions.accept,
    diverted: dispositions.divert,
    manual: dispositions.manual,
    repeated,
    unusable,
    findings,
    secondsTotal: Number(secondsTotal.toFixed(3)),
    decodeSeconds: Number((report.decodeMs / 1000).toFixed(3)),
    verifySeconds: Number((report.verifyMs / 1000).toFixed(3)),
    judgeSeconds: Number((report.judgeMs / 1000).toFixed(3)),
    recordSeconds: Number((report.recordMs / 1000).toFixed(3)),
    images: report.images,
  };
}

function textReport(report: RunReport): string {
  const { dispositions } = report;
  return [
    `${plural(report.scans, 'scan')}: ${count(dispositions.accept)} accepted, ${count(dispositions.divert)} diverted, ${count(dispositions.manual)} manual`,
    `${plural(report.repeated, 'scan')} delivered again and recognized`,
    `${plural(report.findings, 'finding')}`,
    '',
  ].join('\n');
}
