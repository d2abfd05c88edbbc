import { InvalidArgumentError, Option } from 'commander';
import { DEFAULT_NAME_PATTERN, type DropOptions } from '../ingest/index.ts';

/** Options that several commands share. Flags win over the environment, that over indicia.json, that over defaults. */

export function databaseOption(isMandatory = true): Option {
  return new Option('--db <file>', 'the store, a DuckDB file').env('INDICIA_DB').makeOptionMandatory(isMandatory);
}

/** For commands that read: several stores are seen as one. */
export function databasesOption(): Option {
  return new Option(
    '--db <store>',
    'a store, a folder of partitions or archives, or http://host:port of a running judge; may be given several times',
  )
    .env('INDICIA_DB')
    .argParser(repeatable((store) => store))
    .makeOptionMandatory();
}

/** Of a flag that may be given several times. */
export function repeatable(parse: (text: string) => string) {
  // What the command line gave before is added to; what the config file gave gives way to it.
  const given = new WeakSet<readonly string[]>();
  return (text: string, before: readonly string[] | undefined): readonly string[] => {
    const values = before !== undefined && given.has(before) ? [...before, parse(text)] : [parse(text)];
    given.add(values);
    return values;
  };
}

export function lakeOption(): Option {
  return new Option(
    '--lake <dir>',
    'also write what is recorded to this lake, as Parquet that other engines read (docs/LAKE.md)',
  ).env('INDICIA_LAKE');
}

export function registryOption(): Option {
  return new Option('--registry <dir>', 'folder with the trust list').env('INDICIA_REGISTRY').makeOptionMandatory();
}

export function policyOption(): Option {
  return new Option('--policy <file>', 'thresholds and dispositions (default: those built in)').env('INDICIA_POLICY');
}

export function tokensOption(): Option {
  return new Option('--tokens <file>', 'who has access, a JSON file').env('INDICIA_TOKENS').makeOptionMandatory();
}

/** Threads beyond the cores only wait for each other; nobody has more cores than this. */
const WORKERS_MAX = 256;

export function workersOption(): Option {
  return new Option('--workers <n>', 'threads that read and verify (default: one a core)').argParser(
    wholeNumber(1, WORKERS_MAX),
  );
}

export function jsonOption(): Option {
  return new Option('--json', 'for machines: one JSON object a line');
}

/** Milliseconds of a time in that form; what is expected is said of any other. */
export function momentLike(form: RegExp, expected: string): (text: string) => number {
  return (text) => {
    const ms = Date.parse(text);
    if (!form.test(text) || Number.isNaN(ms)) throw new InvalidArgumentError(expected);
    return ms;
  };
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

const SETTLE_MS_DEFAULT = 2_000;
const PATIENCE_MS_DEFAULT = 60_000;
const PATIENCE_MS_MAX = 86_400_000;

/** How a folder that is dropped into is read. */
export interface DropFlags {
  readonly namePattern: string;
  readonly settleMs: number;
  readonly patienceMs: number;
}

export function dropFlags(): Option[] {
  const ms = wholeNumber(0, PATIENCE_MS_MAX);
  return [
    new Option('--name-pattern <pattern>', 'what the name of a dropped file without a sidecar says, or "none"').default(
      DEFAULT_NAME_PATTERN,
    ),
    new Option('--settle-ms <n>', 'a dropped file that has not changed for this long may be whole')
      .argParser(ms)
      .default(SETTLE_MS_DEFAULT),
    new Option('--patience-ms <n>', 'how long to wait for the rest of a dropped file, or for its sidecar')
      .argParser(ms)
      .default(PATIENCE_MS_DEFAULT),
  ];
}

export function dropOptionsOf({ namePattern, settleMs, patienceMs }: DropFlags): DropOptions {
  return { namePattern: namePattern === 'none' ? null : namePattern, settleMs, patienceMs };
}
