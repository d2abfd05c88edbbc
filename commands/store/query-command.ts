import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import {
  BINARY_FORMATS,
  PUBLIC_VIEW_NAMES,
  QUERY_FORMATS,
  QueryError,
  type QueryFormat,
  type QueryResult,
  writeResult,
} from '../../analytics/index.ts';
import { hasErrno } from '../../indicium/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databasesOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { openNamedStoresForQueries } from './named-stores.ts';

interface QueryOptions {
  readonly db: string[];
  readonly format: QueryFormat;
  readonly output?: string;
}

export function addQueryCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('query')
    .summary('ask the store in SQL')
    .description(
      `Runs one SQL statement that reads: a SELECT, or SHOW, DESCRIBE, SUMMARIZE. Views: ${viewList()}; those of the ` +
        'registry also as NAME_history, with all lists so far. Times are UTC. docs/STORE.md describes views and formats.',
    )
    .argument('<sql>', 'DuckDB SQL')
    .addOption(databasesOption())
    .addOption(new Option('--format <format>', 'output').choices(QUERY_FORMATS).default('table'))
    .option(
      '--output <file>',
      'a new file instead of standard output; arrow, parquet and xlsx are not put on a terminal',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  indicia query --db day.duckdb "select disposition, count(*) from verdicts group by 1"' +
        '\n  indicia query --db day.duckdb "show tables"' +
        '\n  indicia query --db day.duckdb "describe pieces"' +
        '\n  indicia query --db day.duckdb --format xlsx --output findings.xlsx "from findings"' +
        '\n  indicia query --db day.duckdb --format parquet "from scans" > scans.parquet' +
        '\n  indicia query --db partitions --db http://judge-7:8080 "select count(*) from pieces"' +
        '\n\nExit codes: 0 answered, 2 the statement, its answer or the store is refused.',
    )
    .action(async (sql: string, { db, format, output }: QueryOptions) => {
      if (output !== undefined && existsSync(output))
        throw new QueryError(`${output} is there already: name a new file`);
      if (output === undefined && BINARY_FORMATS.has(format) && isTerminal(terminal)) {
        throw new QueryError(`${format} is not for a terminal: add --output FILE, or send it into a file`);
      }
      const store = await openNamedStoresForQueries(db);
      try {
        const result = await store.query(sql);
        await (output === undefined ? writeResult(result, format, terminal.stdout) : writeFile(result, format, output));
      } finally {
        store.close();
      }
      finish(EXIT.done);
    });
}

function viewList(): string {
  return PUBLIC_VIEW_NAMES.filter((name) => !name.endsWith('_history')).join(', ');
}

function isTerminal({ stdout }: Terminal): boolean {
  return 'isTTY' in stdout && stdout.isTTY === true;
}

/** Under its name only once it is whole: half an answer must not pass for one. */
async function writeFile(result: QueryResult, format: QueryFormat, path: string): Promise<void> {
  const partial = `${path}.partial`;
  const file = createWriteStream(partial, { flags: 'wx' });
  const closed = new Promise((resolve) => file.once('close', resolve));
  try {
    await Promise.all([finished(file), writeResult(result, format, file).then(() => file.end())]);
    await rename(partial, path);
  } catch (error) {
    file.destroy();
    await closed;
    // Another run's file is left alone.
    if (!hasErrno(error, 'EEXIST')) await rm(partial, { force: true });
    throw error;
  }
}
