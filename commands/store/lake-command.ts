import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readLake, StoreError } from '../../analytics/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { jsonOption } from '../options.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface FilesOptions {
  readonly lake: string;
  readonly table?: string;
  readonly json?: boolean;
}

/** `lake files`: what makes up a lake at this moment, for engines that are given names of files. */
export function addLakeCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const lake = program
    .command('lake')
    .summary('what a lake is made of')
    .description('Evidence as Parquet that other engines read, written by --lake of run and serve. See docs/LAKE.md.')
    .addHelpText('after', '\nExample:\n  indicia lake files --lake lake');
  lake
    .command('files')
    .summary('the files of its newest version')
    .description(
      'Prints the paths of the Parquet files that make up the newest version of a lake: all of one moment of each ' +
        'partition. They stay for 15 minutes after the next version; ask again for each query.',
    )
    .requiredOption('--lake <dir>', 'the folder that --lake of run or serve wrote')
    .option('--table <name>', 'only those of a table, such as evidence or findings')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia lake files --lake lake --table evidence')
    .action(async ({ lake: folder, table: only, json }: FilesOptions) => {
      const manifests = readLake(folder);
      const known = new Set(manifests.flatMap(({ tables }) => Object.keys(tables)));
      if (only !== undefined && known.size > 0 && !known.has(only)) {
        throw new StoreError(`${folder}: has no table ${only}; it has ${[...known].toSorted().join(', ')}`);
      }
      for (const { partition, version, tables } of manifests) {
        for (const [table, { files }] of Object.entries(tables)) {
          if (only !== undefined && table !== only) continue;
          for (const { path: name, rows, bytes, sha256 } of files) {
            const path = join(resolve(folder), name);
            await (json
              ? printJson(terminal, { table, partition, version, path, rows, bytes, sha256 })
              : print(terminal, `${path}\n`));
          }
        }
      }
      finish(EXIT.done);
    });
}
