import { type Command, InvalidArgumentError, Option } from 'commander';
import { archiveStore, type Moved, restoreStore, StoreError } from '../../analytics/index.ts';
import { plural } from '../../indicium/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databaseOption, jsonOption, wholeNumber } from '../options.ts';
import { storePorts } from '../store-ports.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const KEPT_DAYS_MAX = 36_500;

interface ArchiveCommandOptions {
  readonly db: string;
  readonly out?: string;
  readonly lake?: string;
  readonly partition?: number;
  readonly keepDays: number;
  readonly before?: number;
  readonly copy?: boolean;
  readonly json?: boolean;
}

interface RestoreCommandOptions {
  readonly db: string;
  readonly archive: string;
  readonly partition?: number;
  readonly json?: boolean;
}

const PARTITION_MAX = 1_000_000;

function partitionOption(): Option {
  return new Option('--partition <n>', 'which part of a lake, where it has several').argParser(
    wholeNumber(0, PARTITION_MAX),
  );
}

/** Where rows go, or are already. @throws StoreError where that is neither or both. */
function target({ out, lake, partition, copy, beforeMs }: Target): Parameters<typeof archiveStore>[1] {
  if (out !== undefined && lake === undefined) return { folder: out, beforeMs, keep: copy };
  if (out === undefined && lake !== undefined && !copy) return { lake, partition: partition ?? null, beforeMs };
  throw new StoreError('archive needs either --out DIR, or --lake DIR without --copy');
}

interface Target {
  readonly out: string | undefined;
  readonly lake: string | undefined;
  readonly partition: number | undefined;
  readonly copy: boolean;
  readonly beforeMs: number;
}

/** `archive` and `restore`: evidence that leaves the store for Parquet, and comes back. */
export function addArchiveCommands(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('archive')
    .summary('move the evidence of closed days to Parquet')
    .description(
      'Writes evidence of closed days to Parquet files, partitioned by day, reads them again, and takes the rows out of ' +
        'the store once they are known to be the same. Findings stay; detectors look at what is in the store.',
    )
    .addOption(databaseOption())
    .option('--out <dir>', 'folder of the archive; it may hold earlier ones of this store')
    .option('--lake <dir>', 'a lake that has the rows already: they are compared with it, and leave the store')
    .addOption(partitionOption())
    .addOption(
      new Option('--keep-days <n>', 'days before today that stay in the store')
        .default(30)
        .argParser(wholeNumber(0, KEPT_DAYS_MAX)),
    )
    .addOption(
      new Option('--before <time>', 'or: what is older than this time, ISO 8601, to the hour and less').argParser(
        moment,
      ),
    )
    .option('--copy', 'also leave the rows in the store: a copy to restore it from')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia archive --db post.duckdb --out archive --keep-days 30' +
        '\n  indicia archive --db post.duckdb --lake lake --keep-days 30',
    )
    .action(async ({ db, out, lake, partition, keepDays, before, copy = false, json }: ArchiveCommandOptions) => {
      const today = Math.floor(terminal.nowMs() / DAY_MS) * DAY_MS;
      const beforeMs = copy ? Number.MAX_SAFE_INTEGER : (before ?? today - keepDays * DAY_MS);
      const moved = await archiveStore(db, target({ out, lake, partition, copy, beforeMs }), storePorts(terminal));
      await (json
        ? printJson(terminal, moved)
        : print(terminal, sentence(moved, copy ? 'copied to' : 'moved to', out ?? lake ?? '')));
      finish(EXIT.done);
    });

  program
    .command('restore')
    .summary('bring archived evidence back')
    .description(
      'Brings archived evidence back into its store, or, where there is no store, into a new one. Scans that were never ' +
        'archived are to be run again from their sources; those that were are recognized.',
    )
    .addOption(databaseOption())
    .requiredOption('--archive <dir>', 'folder that indicia archive wrote, or a lake')
    .addOption(partitionOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  indicia restore --archive archive --db post.duckdb')
    .action(async ({ db, archive, partition, json }: RestoreCommandOptions) => {
      const moved = await restoreStore(db, archive, storePorts(terminal), partition ?? null);
      await (json ? printJson(terminal, moved) : print(terminal, sentence(moved, 'restored from', archive)));
      finish(EXIT.done);
    });
}

function sentence({ rows, days }: Moved, verb: string, folder: string): string {
  const span = days.length === 0 ? '' : `, ${days[0]} to ${days.at(-1)}`;
  return `${plural(rows, 'scan')} of ${plural(days.length, 'day')} ${verb} ${folder}${span}\n`;
}

function moment(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('expected a time such as 2026-11-22T00:00:00Z.');
  return ms;
}
