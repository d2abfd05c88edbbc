import { type Command, Option } from 'commander';
import { closeCase, readCases, readRevisions, Store } from '../../analytics/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databasesOption } from '../options.ts';
import { storePorts } from '../store-ports.ts';
import { print, printJson, type Terminal, warn } from '../terminal.ts';
import { openNamedStores } from './named-stores.ts';

const STATES = ['open', 'reopened', 'closed'] as const;

interface CasesOptions {
  readonly db: readonly string[];
  readonly state?: string;
  readonly note?: string;
}

/** `cases` and `revisions`: what people work through, and what later evidence changed. */
export function addCasesCommands(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const cases = program
    .command('cases')
    .summary('findings grouped by what they are about; close a case')
    .description(
      'Prints {caseId, state, score, severity, kinds, license, psd, role, findings, scans, …} for every case, one JSON ' +
        'object a line, the highest score first. With close ID, closes a case; evidence that comes later reopens it.',
    )
    .argument('[action]', 'close')
    .argument('[id]', 'the case to close')
    .addOption(databasesOption())
    .addOption(new Option('--state <state>', 'only cases in this state').choices(STATES))
    .option('--note <text>', 'why it is closed')
    .addHelpText(
      'after',
      '\nExample:\n  indicia cases --db day.duckdb --state open' +
        '\n  indicia cases close psd/06-2S-5520023 --db day.duckdb --note "PSD taken in"' +
        '\n  indicia cases --db partitions',
    )
    .action(async (action: string | undefined, id: string | undefined, options: CasesOptions) => {
      if (action === undefined) return finish(await list(options, terminal));
      if (action !== 'close' || id === undefined)
        return cases.error('error: expected nothing, or close and the id of a case');
      if (options.note === undefined) return cases.error('error: --note must say why the case is closed');
      const [db, second] = options.db;
      if (db === undefined || second !== undefined) return cases.error('error: a case is closed in one store');
      finish(await close(id, db, options.note, terminal));
    });

  program
    .command('revisions')
    .summary('verdicts that later evidence changed')
    .description(
      'Prints {scanId, from, to, kinds, policyVersion}, one JSON object a line, for every answer that the findings ' +
        'made too mild, or that a finding which has gone again had made too hard.',
    )
    .addOption(databasesOption())
    .addHelpText('after', '\nExample:\n  indicia revisions --db day.duckdb')
    .action(async ({ db }: { db: string[] }) => {
      const reader = await openNamedStores(db);
      try {
        for await (const revision of readRevisions(reader)) await printJson(terminal, revision);
      } finally {
        reader.close();
      }
      finish(EXIT.done);
    });
}

async function list({ db, state }: CasesOptions, terminal: Terminal): Promise<ExitCode> {
  const reader = await openNamedStores(db);
  try {
    for await (const one of readCases(reader)) {
      if (state === undefined || one.state === state) await printJson(terminal, one);
    }
  } finally {
    reader.close();
  }
  return EXIT.done;
}

async function close(id: string, db: string, note: string, terminal: Terminal): Promise<ExitCode> {
  const store = await Store.open(db, { ...storePorts(terminal), mustExist: true });
  try {
    const isClosed = await closeCase(store, id, note, terminal.nowMs());
    if (!isClosed) {
      warn(terminal, `indicia: ${db} has no case ${id}; 'indicia cases' lists them`);
      return EXIT.usage;
    }
    await print(terminal, `${id} is closed\n`);
    return EXIT.done;
  } finally {
    store.close();
  }
}
