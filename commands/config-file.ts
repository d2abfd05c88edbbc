import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';

/** The config file is missing, is not JSON, or names a flag that no command has. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const DEFAULT_FILE = 'indicia.json';

/**
 * Makes the values of the config file the defaults of the flags of the same name (`{"db": "day.duckdb"}`), so that
 * the environment and flags on the command line still win.
 */
export function applyConfigFile(program: Command, argv: readonly string[]): void {
  const path = namedFile(argv) ?? process.env.INDICIA_CONFIG ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  if (path === undefined) return;
  const values = readValues(path);
  for (const [name, value] of Object.entries(values)) {
    const options = program.commands.flatMap((command) => command.options.filter((option) => option.name() === name));
    if (options.length === 0) throw new ConfigError(`${path}: no command has a flag --${name}`);
    for (const option of options) {
      const parsed = typeof value === 'boolean' ? value : option.parseArg?.(String(value), undefined);
      option.default(parsed ?? value);
      // A default fulfills the need for a value; commander would still ask for it on the command line.
      option.makeOptionMandatory(false);
    }
    for (const command of program.commands) {
      for (const option of command.options.filter((candidate) => candidate.name() === name)) {
        command.setOptionValueWithSource(option.attributeName(), option.defaultValue, 'default');
      }
    }
  }
}

function namedFile(argv: readonly string[]): string | undefined {
  const at = argv.indexOf('--config');
  return at === -1 ? argv.find((word) => word.startsWith('--config='))?.slice('--config='.length) : argv[at + 1];
}

function readValues(path: string): Record<string, string | number | boolean> {
  if (!existsSync(path)) throw new ConfigError(`${path}: no such config file`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${path}: not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConfigError(`${path}: expected one JSON object`);
  }
  const entries = Object.entries(parsed).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return [name, value] as const;
    throw new ConfigError(`${path}: ${name}: expected text, a number, true or false`);
  });
  return Object.fromEntries(entries);
}
