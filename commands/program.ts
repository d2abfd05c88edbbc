import { inspect } from 'node:util';
import { Command, CommanderError, Option } from 'commander';
import { ExpectedError, hasErrno, printableLines } from '../indicium/index.ts';
import manifest from '../package.json' with { type: 'json' };
import { commandsFor } from './catalog.ts';
import { applyConfigFile, configPath } from './config-file.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type Terminal, warn } from './terminal.ts';

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
  const config = configPath(argv);
  // A config file may hold flags of any command.
  for (const add of await commandsFor(config === undefined ? argv : [])) add(program, terminal, finish);
  try {
    if (config !== undefined) applyConfigFile(program, config);
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
