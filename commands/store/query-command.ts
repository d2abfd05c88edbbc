import { existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Command } from 'commander';
import { BINARY_FORMATS, PUBLIC_VIEW_NAMES, QueryError, type QueryOutcome } from '../../analytics/index.ts';
import { plural } from '../../indicium/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { stopSignal } from '../stop-signal.ts';
import { count, Progress, type Terminal, warn } from '../terminal.ts';
import { askHere, askInTime, askSafely } from './ask-store.ts';
import { writeNewFile } from './new-file.ts';
import { addQueryOptions, type QueryOptions, safeFlagsOf } from './query-options.ts';

export function addQueryCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const command = program
    .command('query')
    .summary('ask the store in SQL')
    .description(
      `Runs one SQL statement that reads: a SELECT, or SHOW, DESCRIBE, SUMMARIZE. Views: ${viewList()}; those of the ` +
        'registry also as NAME_history, with all lists so far. Times are UTC. docs/STORE.md describes views and formats. ' +
        'With --safe it runs in a process that has these views and nothing else, and what stands on no list is refused by name.',
    )
    .argument('<sql>', 'DuckDB SQL');
  addQueryOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  indicia query --db day.duckdb "select disposition, count(*) from verdicts group by 1"' +
        '\n  indicia query --db day.duckdb "show tables"' +
        '\n  indicia query --db day.duckdb "describe pieces"' +
        '\n  indicia query --db day.duckdb --format xlsx --output findings.xlsx "from findings"' +
        '\n  indicia query --db day.duckdb --format parquet "from scans" > scans.parquet' +
        '\n  indicia query --db day.duckdb --safe --deadline 10 --rows-max 1000 --format csv "from findings"' +
        '\n  indicia query --db partitions --db http://judge-7:8080 "select count(*) from pieces"' +
        '\n\nExit codes: 0 answered, 2 the statement, its answer or the store is refused or took too much, 3 answered in part' +
        ' (N of M rows), 130 stopped by Ctrl-C.',
    )
    .action(async (sql: string, options: QueryOptions) => finish(await query(sql, options, terminal)));
}

function viewList(): string {
  return PUBLIC_VIEW_NAMES.filter((name) => !name.endsWith('_history')).join(', ');
}

async function query(sql: string, options: QueryOptions, terminal: Terminal): Promise<ExitCode> {
  const { db, format, output: path, deadline } = options;
  const safe = safeFlagsOf(options);
  if (path !== undefined && existsSync(path)) throw new QueryError(`${path} is there already: name a new file`);
  if (path === undefined && BINARY_FORMATS.has(format) && isTerminal(terminal)) {
    throw new QueryError(`${format} is not for a terminal: add --output FILE, or send it into a file`);
  }
  const stop = stopSignal();
  const progress = new Progress(terminal);
  const sinceMs = terminal.nowMs();
  const question = {
    db,
    sql,
    format,
    stopped: stop.signal,
    onProgress: ({ rows, rowsSeen }: { readonly rows: number; readonly rowsSeen: number }) => {
      // It would stand between the rows.
      if (path === undefined && isTerminal(terminal)) return;
      const seconds = Math.round((terminal.nowMs() - sinceMs) / 1_000);
      progress.show(`${count(rows)}${rowsSeen > rows ? ` of ${count(rowsSeen)}` : ''} rows, ${seconds} s`);
    },
  };
  const ask = (output: Writable): Promise<QueryOutcome> => {
    if (safe !== null) return askSafely(question, safe, terminal, output);
    return deadline === undefined ? askHere(question, output) : askInTime(question, deadline, output);
  };
  try {
    const outcome = await (path === undefined ? ask(terminal.stdout) : toFile(path, ask));
    progress.clear();
    return tell(outcome, options, terminal);
  } finally {
    progress.clear();
    stop.end();
  }
}

async function toFile(path: string, ask: (output: Writable) => Promise<QueryOutcome>): Promise<QueryOutcome> {
  const { outcome } = await writeNewFile(path, async (file) => {
    const outcome = await ask(file);
    return { outcome, isKept: outcome.kind === 'answered' };
  });
  return outcome;
}

/** Says how it ended, where that is not simply whole. */
function tell(outcome: QueryOutcome, { json, output }: QueryOptions, terminal: Terminal): ExitCode {
  const { kind, rows, rowsSeen } = outcome;
  const isWhole = kind === 'answered' && rows === rowsSeen;
  if (json === true) {
    const failure = kind === 'failed' ? { code: outcome.code, message: outcome.message } : {};
    warn(terminal, JSON.stringify({ rows, rowsSeen, isWhole, ...failure }));
  }
  if (isWhole) return EXIT.done;
  if (kind === 'answered') {
    if (json !== true) warn(terminal, `indicia: ${count(rows)} of ${count(rowsSeen)} rows: the answer is cut`);
    return EXIT.attention;
  }
  const written = output === undefined && rows > 0 ? `; ${plural(rows, 'row')} of the answer came before` : '';
  if (json !== true) warn(terminal, `indicia: ${outcome.message}${written}`);
  return outcome.code === 'stopped' ? EXIT.interrupted : EXIT.usage;
}

function isTerminal({ stdout }: Terminal): boolean {
  return 'isTTY' in stdout && stdout.isTTY === true;
}
