import { existsSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { ExpectedError, excerpt, FILE_FAULTS, readNamedFile, strictJson } from '../indicium/index.ts';

/** The config file is missing, is not JSON, or names a flag that no command has. */
export class ConfigError extends ExpectedError {
  override readonly name = 'ConfigError';
  override readonly failure = 'config';
}

type ConfigValue = string | number | boolean;

const DEFAULT_FILE = 'indicia.json';
/** Bytes of it: there are some hundred flags. */
const CONFIG_BYTES_MAX = 1024 * 1024;

/**
 * Makes the values of the config file the defaults of the flags of the same name (`{"db": "day.duckdb"}`), so that
 * the environment and flags on the command line still win.
 */
export function applyConfigFile(program: Command, path: string): void {
  const values = Object.entries(readValues(path));
  const commands = everyCommand(program);
  for (const [name] of values) {
    const isKnown = commands.some((command) => command.options.some((option) => option.name() === name));
    if (!isKnown) throw new ConfigError(`${path}: no command has a flag --${excerpt(name)}`);
  }
  // Only the command that runs must find its values right: another may allow more or less.
  for (const parent of [program, ...commands]) {
    parent.hook('preSubcommand', (_parent, command) => setDefaults(command, values, path));
  }
}

/** The path of the config file: from the arguments, the environment or the current folder. Undefined if there is none. */
export function configPath(argv: readonly string[]): string | undefined {
  return namedFile(argv) ?? process.env.INDICIA_CONFIG ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
}

function setDefaults(command: Command, values: readonly (readonly [string, ConfigValue])[], path: string): void {
  for (const [name, value] of values) {
    const option = command.options.find((its) => its.name() === name);
    if (option === undefined) continue;
    const parsed = typeof value === 'boolean' ? value : parseValue(path, name, option, String(value));
    // A list of its own: a flag that may be given several times adds to what flags gave, not to this.
    option.default(Array.isArray(parsed) ? [...parsed] : (parsed ?? value));
    // A default fulfills the need for a value; commander would still ask for it on the command line.
    option.makeOptionMandatory(false);
    command.setOptionValueWithSource(option.attributeName(), option.defaultValue, 'default');
  }
}

function everyCommand(command: Command): Command[] {
  return [...command.commands, ...command.commands.flatMap((child) => everyCommand(child))];
}

function parseValue(path: string, name: string, option: Option, value: string): unknown {
  try {
    return option.parseArg?.(value, undefined);
  } catch (error) {
    throw new ConfigError(`${path}: ${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function namedFile(argv: readonly string[]): string | undefined {
  const at = argv.indexOf('--config');
  return at === -1 ? argv.find((word) => word.startsWith('--config='))?.slice('--config='.length) : argv[at + 1];
}

function readValues(path: string): Record<string, ConfigValue> {
  const file = readNamedFile(path, CONFIG_BYTES_MAX);
  if (file === 'absent') throw new ConfigError(`${path}: no such config file`);
  if (typeof file === 'string') throw new ConfigError(`${path}: ${FILE_FAULTS[file]}`);
  const read = strictJson(file.bytes.toString('utf8'));
  if ('problem' in read) throw new ConfigError(`${path}: ${read.problem}`);
  const parsed = read.value;
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConfigError(`${path}: expected one JSON object`);
  }
  const entries = Object.entries(parsed).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return [name, value] as const;
    throw new ConfigError(`${path}: ${excerpt(name)}: expected text, a number, true or false`);
  });
  return Object.fromEntries(entries);
}
