import { type Command, Option } from 'commander';
import { detect, QUERY_FORMATS, type QueryFormat, query, Store, StoreReader, writeResult } from '../analytics/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { databaseOption, jsonOption } from './options.ts';
import { plural, print, printJson, type Terminal } from './terminal.ts';

/** `verdicts`, `findings`, `detect` and `query`: what is asked of a store. */
export function addStoreCommands(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const addListing = (name: 'verdicts' | 'findings', summary: string, shape: string) => {
    program
      .command(name)
      .summary(summary)
      .description(`Prints ${shape}, one JSON object a line.`)
      .addOption(databaseOption())
      .addHelpText('after', `\nExample:\n  indicia ${name} --db day.duckdb`)
      .action(async ({ db }: { db: string }) => {
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
    '{kind, severity, license, psd, scanIds, detail} for every finding',
  );

  program
    .command('detect')
    .summary('run the detectors again')
    .description('Runs every detector over all evidence and replaces the stored findings.')
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia detect --db day.duckdb')
    .action(async ({ db, json }: { db: string; json?: boolean }) => {
      const store = await Store.open(db, { mustExist: true });
      try {
        const findings = await detect(store);
        await (json ? printJson(terminal, { findings }) : print(terminal, `${plural(findings, 'finding')}\n`));
      } finally {
        store.close();
      }
      finish(EXIT.done);
    });

  program
    .command('query')
    .summary('ask the store in SQL')
    .description(
      'Runs one read-only SQL statement. Views: scans, pieces, verdicts, findings, licenses, grants, psds, funds, ' +
        'refunds, rates, plants, withdrawals.',
    )
    .argument('<sql>', 'DuckDB SQL')
    .addOption(databaseOption())
    .addOption(new Option('--format <format>', 'output').choices(QUERY_FORMATS).default('table'))
    .addHelpText(
      'after',
      '\nExample:\n  indicia query --db day.duckdb "select disposition, count(*) from verdicts group by 1"',
    )
    .action(async (sql: string, { db, format }: { db: string; format: QueryFormat }) => {
      await withReader(db, async (reader) => writeResult(await query(reader, sql), format, terminal.stdout));
      finish(EXIT.done);
    });
}

async function withReader(db: string, use: (reader: StoreReader) => Promise<unknown>): Promise<void> {
  const reader = await StoreReader.open(db);
  try {
    await use(reader);
  } finally {
    reader.close();
  }
}
