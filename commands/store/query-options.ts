import { type Command, Option } from 'commander';
import {
  QUERY_FORMATS,
  QueryError,
  type QueryFormat,
  STRANGERS_DEADLINE_S,
  STRANGERS_DEADLINE_S_MAX,
  STRANGERS_MEMORY_MIB,
  STRANGERS_MEMORY_MIB_MAX,
  STRANGERS_MEMORY_MIB_MIN,
  STRANGERS_ROWS,
  STRANGERS_ROWS_MAX,
} from '../../analytics/index.ts';
import { databasesOption, wholeNumber } from '../options.ts';
import type { SafeFlags } from './ask-store.ts';

export interface QueryOptions {
  readonly db: string[];
  readonly format: QueryFormat;
  readonly output?: string;
  readonly safe?: boolean;
  readonly deadline?: number;
  readonly memory?: number;
  readonly rowsMax?: number;
  readonly json?: boolean;
}

export function addQueryOptions(command: Command): Command {
  return command
    .addOption(databasesOption())
    .addOption(new Option('--format <format>', 'output; json is ndjson').choices(QUERY_FORMATS).default('table'))
    .option(
      '--output <file>',
      'a new file instead of standard output; arrow, parquet and xlsx are not put on a terminal',
    )
    .option('--safe', 'for statements of people who are not trusted: only the views, within limits')
    .addOption(
      new Option(
        '--deadline <seconds>',
        `ends a statement that takes longer (default: none; with --safe ${STRANGERS_DEADLINE_S})`,
      ).argParser(wholeNumber(1, STRANGERS_DEADLINE_S_MAX)),
    )
    .addOption(
      new Option('--memory <mib>', `with --safe: memory of the database (default: ${STRANGERS_MEMORY_MIB})`).argParser(
        wholeNumber(STRANGERS_MEMORY_MIB_MIN, STRANGERS_MEMORY_MIB_MAX),
      ),
    )
    .addOption(
      new Option('--rows-max <n>', `with --safe: rows of an answer (default: ${STRANGERS_ROWS})`).argParser(
        wholeNumber(1, STRANGERS_ROWS_MAX),
      ),
    )
    .addOption(new Option('--json', 'how it ended, for machines: one JSON object on standard error'));
}

/** Null without --safe. @throws QueryError for a limit that nothing would hold. */
export function safeFlagsOf({ safe, deadline, memory, rowsMax }: QueryOptions): SafeFlags | null {
  if (safe !== true) {
    if (memory !== undefined || rowsMax !== undefined) throw new QueryError('--memory and --rows-max are for --safe');
    return null;
  }
  return {
    deadline: deadline ?? STRANGERS_DEADLINE_S,
    memory: memory ?? STRANGERS_MEMORY_MIB,
    rowsMax: rowsMax ?? STRANGERS_ROWS,
  };
}
