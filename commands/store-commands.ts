import { type Command, Option } from 'commander';
import { detect, QUERY_FORMATS, type QueryFormat, query, Store, StoreReader, writeResult } from '../analytics/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { databaseOption, jsonOption } from './options.ts';
import { plural, print, printJson, type Terminal } from './terminal.ts';

/** `verdicts`, `findings`, `detect` and `query`: what is asked of a store. */
export function addStoreCommands(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('verdicts')
    .summary('print every verdict')
    .description('Prints {scanId, disposition, reasons} for every scan, one JSON object a line.')
    .addOption(databaseOption())
    .addHelpText('after', '\nExample:\n  indicia verdicts --db day.duckdb')
    .action(async ({ db }: { db: string }) => {
      await withReader(db, async (reader) => {
        for await (const verdict of reader.verdicts()) await printJson(terminal, verdict);
      });
      finish(EXIT.done);
    });

  program
    .command('findings')
    .summary('print what the detectors found')
    .description('Prints {kind, severity, license, psd, scanIds, detail} for every finding, one JSON object a line.')
    .addOption(databaseOption())
    .addHelpText('after', '\nExample:\n  indicia findings --db day.duckdb')
    .action(async ({ db }: { db: string }) => {
      await withReader(db, async (reader) => {
        for await (const finding of reader.findings()) await printJson(terminal, finding);
      });
      finish(EXIT.done);
    });

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
      'Runs one read-only SQL statement. Views: scans, pieces, verdicts, findings, licenses, grants, psds, funds.',
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
