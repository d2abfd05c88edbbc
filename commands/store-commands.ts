import { type Command, Option } from 'commander';
import { QUERY_FORMATS, type QueryFormat, query, type StoreReader, writeResult } from '../analytics/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { openNamedStores } from './named-stores.ts';
import { databasesOption } from './options.ts';
import { printJson, type Terminal } from './terminal.ts';

/** `verdicts`, `findings` and `query`: what is asked of a store. */
export function addStoreCommands(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const addListing = (name: 'verdicts' | 'findings', summary: string, shape: string) => {
    program
      .command(name)
      .summary(summary)
      .description(`Prints ${shape}, one JSON object a line.`)
      .addOption(databasesOption())
      .addHelpText(
        'after',
        `\nExamples:\n  indicia ${name} --db day.duckdb\n  indicia ${name} --db partitions --db archive`,
      )
      .action(async ({ db }: { db: string[] }) => {
        await withReader(db, async (reader) => {
          for await (const item of reader[name]()) await printJson(terminal, item);
        });
        finish(EXIT.done);
      });
  };
  addListing('verdicts', 'print every verdict', '{scanId, disposition, reasons} for every scan');
  addListing(
    'findings',
    'print what the detectors found',
    '{kind, severity, license, psd, role, scanIds, detail, policyVersion, …} for every finding',
  );

  program
    .command('query')
    .summary('ask the store in SQL')
    .description(
      'Runs one read-only SQL statement. Views: scans, pieces, verdicts, findings, cases, revisions, lists; licenses, ' +
        'grants, psds, funds, refunds, rates, plants, withdrawals, each also as NAME_history with all lists so far.',
    )
    .argument('<sql>', 'DuckDB SQL')
    .addOption(databasesOption())
    .addOption(new Option('--format <format>', 'output').choices(QUERY_FORMATS).default('table'))
    .addHelpText(
      'after',
      '\nExamples:\n  indicia query --db day.duckdb "select disposition, count(*) from verdicts group by 1"' +
        '\n  indicia query --db partitions --db http://judge-7:8080 "select count(*) from pieces"',
    )
    .action(async (sql: string, { db, format }: { db: string[]; format: QueryFormat }) => {
      await withReader(db, async (reader) => writeResult(await query(reader, sql), format, terminal.stdout));
      finish(EXIT.done);
    });
}

async function withReader(db: readonly string[], use: (reader: StoreReader) => Promise<unknown>): Promise<void> {
  const reader = await openNamedStores(db);
  try {
    await use(reader);
  } finally {
    reader.close();
  }
}
