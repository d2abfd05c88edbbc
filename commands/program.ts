import { inspect } from 'node:util';
import { Command, CommanderError, Option } from 'commander';
import { ExpectedError, hasErrno, printableLines } from '../indicium/index.ts';
import manifest from '../package.json' with { type: 'json' };
import { addBenchCommand } from './bench/bench-command.ts';
import { applyConfigFile } from './config-file.ts';
import { addDecodeCommand } from './decode-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addKafkaCommand } from './kafka/kafka-command.ts';
import { addFleetCommand } from './load/fleet-command.ts';
import { addRunCommand } from './run/run-command.ts';
import { addServeCommand } from './serve-command.ts';
import { addSimulateCommand } from './simulate-command.ts';
import { addArchiveCommands } from './store/archive-command.ts';
import { addCasesCommands } from './store/cases-command.ts';
import { addDetectCommand } from './store/detect-command.ts';
import { addDoctorCommand } from './store/doctor-command.ts';
import { addQueryCommand } from './store/query-command.ts';
import { addReconcileCommand } from './store/reconcile-command.ts';
import { addReportCommand } from './store/report-command.ts';
import { addStoreCommands } from './store/store-commands.ts';
import { type Terminal, warn } from './terminal.ts';
import { addTokenCommand } from './token-command.ts';
import { addTrustCommand } from './trust-command.ts';
import { addVerifyCommand } from './verify-command.ts';

/** All commands, carried out as the arguments say, which are those of the process. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  const finish = (code: ExitCode) => {
    exitCode = code;
  };
  const program = new Command('indicia')
    .description('The postal side of digital postage: reads indicia, verifies them and finds fraud.')
    .version(manifest.version)
    .addOption(new Option('--verbose', 'say where a failure happened and what caused it (or INDICIA_LOG=debug)'))
    .option('--config <file>', 'JSON file with values for flags (default: indicia.json, if there is one)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage or input missing, 3 done but a person must act.',
    )
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(printableLines(text)),
      writeErr: (text) => terminal.stderr.write(printableLines(text)),
    })
    .exitOverride();
  addDemoCommand(program, terminal, finish);
  addSimulateCommand(program, terminal, finish);
  addFleetCommand(program, terminal, finish);
  addRunCommand(program, terminal, finish);
  addServeCommand(program, terminal, finish);
  addKafkaCommand(program, terminal, finish);
  addDecodeCommand(program, terminal, finish);
  addVerifyCommand(program, terminal, finish);
  addTrustCommand(program, terminal, finish);
  addTokenCommand(program, terminal, finish);
  addStoreCommands(program, terminal, finish);
  addQueryCommand(program, terminal, finish);
  addDetectCommand(program, terminal, finish);
  addCasesCommands(program, terminal, finish);
  addReconcileCommand(program, terminal, finish);
  addArchiveCommands(program, terminal, finish);
  addReportCommand(program, terminal, finish);
  addDoctorCommand(program, terminal, finish);
  addBenchCommand(program, terminal, finish);
  try {
    applyConfigFile(program, argv);
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof ExpectedError || isFileError(error)) {
      warn(terminal, `indicia: ${error.message}`);
      if (isVerbose(program)) warn(terminal, inspect(error));
      return EXIT.usage;
    }
    warn(terminal, inspect(error));
    return EXIT.failed;
  }
  return exitCode;
}

function isVerbose(program: Command): boolean {
  return program.opts<{ verbose?: boolean }>().verbose === true || process.env.INDICIA_LOG === 'debug';
}

/** A path that cannot be read or written: the system's own message names it. */
function isFileError(error: unknown): error is Error {
  return hasErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EEXIST', 'EROFS');
}
