import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { renderReport } from '../../desk/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databasesOption } from '../options.ts';
import { print, type Terminal } from '../terminal.ts';
import { openNamedStores } from './named-stores.ts';

export function addReportCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('report')
    .summary('write a page with the day and its findings')
    .description('Writes one HTML page: dispositions, timeline, and every finding with its scans and pictures.')
    .addOption(databasesOption())
    .requiredOption('--out <file>', 'the page, e.g. report.html')
    .addHelpText(
      'after',
      '\nExamples:\n  indicia report --db day.duckdb --out report.html\n  indicia report --db partitions --out report.html',
    )
    .action(async ({ db, out }: { db: string[]; out: string }) => {
      await writeReport(db, out);
      await print(terminal, `${out}\n`);
      finish(EXIT.done);
    });
}

export async function writeReport(db: readonly string[], out: string): Promise<void> {
  const reader = await openNamedStores(db);
  try {
    await writeFile(out, await renderReport(reader, dirname(resolve(out))));
  } finally {
    reader.close();
  }
}
