import { InvalidArgumentError, Option } from 'commander';

/** Options that several commands share. Flags win over the environment, that over indicia.json, that over defaults. */

export function databaseOption(isMandatory = true): Option {
  return new Option('--db <file>', 'the store, a DuckDB file').env('INDICIA_DB').makeOptionMandatory(isMandatory);
}

/** For commands that read: several stores are seen as one. */
export function databasesOption(): Option {
  // What the command line gave before is added to; what the config file gave gives way to it.
  const given = new WeakSet<readonly string[]>();
  const add = (value: string, before: readonly string[] | undefined) => {
    const stores = before !== undefined && given.has(before) ? [...before, value] : [value];
    given.add(stores);
    return stores;
  };
  return new Option(
    '--db <store>',
    'a store, a folder of partitions or archives, or http://host:port of a running judge; may be given several times',
  )
    .env('INDICIA_DB')
    .argParser(add)
    .makeOptionMandatory();
}

export function registryOption(): Option {
  return new Option('--registry <dir>', 'folder with the trust list').env('INDICIA_REGISTRY').makeOptionMandatory();
}

export function policyOption(): Option {
  return new Option('--policy <file>', 'thresholds and dispositions (default: those built in)').env('INDICIA_POLICY');
}

export function jsonOption(): Option {
  return new Option('--json', 'for machines: one JSON object a line');
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
