import type { Command } from 'commander';
import type { StoreReader } from '../../analytics/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databasesOption } from '../options.ts';
import { printJson, type Terminal } from '../terminal.ts';
import { openNamedStores } from './named-stores.ts';

/** `verdicts` and `findings`: what a store holds, as lines of JSON. */
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
  addListing('verdicts', 'print every verdict', '{scanId, disposition, reasons, unchecked} for every scan');
  addListing(
    'findings',
    'print what the detectors found',
    '{kind, severity, license, psd, role, scanIds, detail, policyVersion, …} for every finding',
  );
}

async function withReader(db: readonly string[], use: (reader: StoreReader) => Promise<unknown>): Promise<void> {
  const reader = await openNamedStores(db);
  try {
    await use(reader);
  } finally {
    reader.close();
  }
}
