import { type Command, Option } from 'commander';
import { STAGES } from '../../app/index.ts';
import { plural } from '../../indicium/index.ts';
import { SESSION_SECONDS } from '../../ingest/kafka/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { addKafkaOptions } from '../kafka/kafka-options.ts';
import { listenerFlags } from '../listener-flags.ts';
import { addLogOptions, type LogFlags } from '../log-options.ts';
import {
  type DropFlags,
  databaseOption,
  dropFlags,
  jsonOption,
  lakeOption,
  policyOption,
  registryOption,
  wholeNumber,
  workersOption,
} from '../options.ts';
import { receivedAtOption } from '../received-at.ts';
import { print, printJson, type Terminal } from '../terminal.ts';
import { openRunLog } from './run-log.ts';
import type { MemberFlags } from './run-member.ts';
import { behindSentence, ignoredSentence, isBehind, jsonReport, textReport } from './run-report.ts';
import { type RunFlags, runSources } from './run-sources.ts';

const STAGE_DEFAULTS = { prefix: '', detectEvery: 30, sessionSeconds: SESSION_SECONDS, apiHost: '127.0.0.1' };

/** Of a run and of a member of a stage alike: which of them it is, --stage says. */
interface CommandFlags
  extends Omit<RunFlags, 'drop'>,
    Partial<Omit<MemberFlags, keyof RunFlags | keyof LogFlags>>,
    DropFlags,
    LogFlags {
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
    .addOption(lakeOption())
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
    .addOption(new Option('--api-host <host>', 'address on which that listens').default(STAGE_DEFAULTS.apiHost))
    .option('--tokens <file>', 'who may use that (indicia token); without it, only this machine')
    .option('--until-drained', 'for Kafka: end when everything that was there is done')
    .option('--publish', 'for Kafka, without stages: send the verdicts to the topic of verdicts')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia run day/scans.ndjson --registry day/registry --db day.duckdb' +
        '\n  indicia run --watch drop --registry day/registry --db day.duckdb' +
        '\n  indicia run kafka://127.0.0.1:9092/scans --registry registry --db post.duckdb' +
        '\n  indicia run --stage judge kafka://127.0.0.1:9092 --registry registry --db stores',
    )
    .action(async (sources: string[], { watch, namePattern, settleMs, patienceMs, ...options }: CommandFlags) => {
      if ((sources.length === 0) === (watch === undefined)) {
        return command.error('error: expected either sources or --watch, which goes on until it is stopped');
      }
      if (options.stage !== undefined) {
        const { runMember } = await import('./run-member.ts');
        await runMember(sources, { ...STAGE_DEFAULTS, ...options, stage: options.stage }, terminal);
        finish(EXIT.done);
        return;
      }
      const said = openRunLog(options, terminal);
      const drop = watch === undefined ? {} : { drop: { watch, namePattern, settleMs, patienceMs } };
      const report = await runSources(sources, { ...options, ...drop }, terminal, said);
      await (options.json ? printJson(terminal, jsonReport(report)) : print(terminal, textReport(report)));
      if (report.unusable > 0) {
        said.warn(`${plural(report.unusable, 'scan')} had an unusable record or image: see their verdicts`);
      }
      if (report.reused > 0) {
        said.warn(
          `${plural(report.reused, 'scan')} had a scan id that their plant had used before: see their verdicts`,
        );
      }
      for (const one of report.ignored) said.warn(ignoredSentence(one));
      for (const sentence of report.notices) said.warn(sentence);
      if (isBehind(report)) said.warn(behindSentence(report));
      const isUnclear = report.ignored.length > 0 || report.notices.length > 0;
      const needsAttention = report.unusable > 0 || report.reused > 0 || isBehind(report) || isUnclear;
      finish(needsAttention ? EXIT.attention : EXIT.done);
    });
  addLogOptions(command, 'pretty');
  for (const option of [...listenerFlags(), ...dropFlags()]) command.addOption(option);
}
