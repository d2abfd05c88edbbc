import type { Command } from 'commander';
import type { StoreReader } from '../../analytics/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databasesOption } from '../options.ts';
import { printJson, type Terminal } from '../terminal.ts';
import { openNamedStores } from './named-stores.ts';

/** `verdicts` and `findings`: what a store holds, as lines of JSON. */
export function addStoreCommands(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  listing(program, 'verdicts', '{scanId, disposition, reasons} for every scan')
    .summary('print every verdict')
    .option('--unchecked', 'and the checks of its mark that were not made because something they need was missing')
    .action(async ({ db, unchecked: isAsked = false }: { db: string[]; unchecked?: boolean }) => {
      await withReader(db, async (reader) => {
        const verdicts = isAsked ? reader.uncheckedVerdicts() : reader.verdicts();
        for await (const verdict of verdicts) await printJson(terminal, verdict);
      });
      finish(EXIT.done);
    });
  const shape = '{kind, severity, license, psd, role, scanIds, detail, policyVersion, …} for every finding';
  listing(program, 'findings', shape)
    .summary('print what the detectors found')
    .action(async ({ db }: { db: string[] }) => {
      await withReader(db, async (reader) => {
        for await (const finding of reader.findings()) await printJson(terminal, finding);
      });
      finish(EXIT.done);
    });
}

function listing(program: Command, name: string, shape: string): Command {
  return program
    .command(name)
    .description(`Prints ${shape}, one JSON object a line.`)
    .addOption(databasesOption())
    .addHelpText(
      'after',
      `\nExamples:\n  indicia ${name} --db day.duckdb\n  indicia ${name} --db partitions --db archive`,
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
