import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  acceptStore,
  auditStore,
  isAcceptable,
  isHead,
  type StoreAudit,
  StoreError,
  type StoreProblem,
  upgradeStore,
} from '../../analytics/index.ts';
import { plural } from '../../indicium/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { jsonOption } from '../options.ts';
import { storePorts } from '../store-ports.ts';
import { count, Progress, print, printJson, type Terminal, warn } from '../terminal.ts';
import { lookAtLake } from './doctor-lake.ts';
import { checkMachine } from './machine-checks.ts';

interface DoctorOptions {
  readonly db?: string;
  readonly archive?: string;
  readonly lake?: string;
  readonly head?: string;
  readonly accept?: boolean;
  readonly json?: boolean;
}

interface StoreOptions {
  readonly archive: string | null;
  /** As an earlier look gave it. */
  readonly head: string | null;
  readonly accept: boolean;
  readonly json: boolean;
}

/** `doctor`: what is missing on this machine, or wrong with a store, and how to mend it. */
export function addDoctorCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('doctor')
    .summary('what is missing on this machine, or wrong with a store')
    .description(
      'Looks at this machine or, with --db, at a store: every row is compared with what it was when it was recorded, ' +
        'and the store with the file .anchor beside it. With --lake, at a lake. Exit code 3 where a person must act.',
    )
    .addOption(new Option('--db <file>', 'the store to look at').env('INDICIA_DB'))
    .option('--archive <dir>', 'also compare the rows that left the store: the folder that indicia archive wrote')
    .addOption(
      new Option(
        '--lake <dir>',
        'look at a lake: its files, rows and chains; with --db, also whether it is of that store',
      ),
    )
    .addOption(
      new Option('--head <head>', 'compare the history with a head that an earlier run printed').argParser(headOf),
    )
    .option('--accept', 'take the store as it is from now on, which its ledger notes; also one of an older version')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia doctor\n  indicia doctor --db post.duckdb\n  indicia doctor --lake lake',
    )
    .action(async ({ db, archive, lake, head, accept = false, json = false }: DoctorOptions) => {
      if (db === undefined && lake === undefined) return finish(await lookAtMachine(json, terminal));
      const options = { archive: archive ?? null, head: head ?? null, accept, json };
      const ofStore = db === undefined ? EXIT.done : await lookAtStore(db, options, terminal);
      const ofLake = lake === undefined ? EXIT.done : await lookAtLake(lake, { db: db ?? null, json }, terminal);
      finish(ofStore === EXIT.done ? ofLake : ofStore);
    });
}

function headOf(text: string): string {
  if (!isHead(text)) throw new InvalidArgumentError('expected a head as doctor prints it.');
  return text;
}

async function lookAtMachine(json: boolean, terminal: Terminal): Promise<ExitCode> {
  const checks = await checkMachine();
  for (const check of checks) {
    const advice = check.result === 'passed' ? '' : `\n    ${check.advice}`;
    await (json ? printJson(terminal, check) : print(terminal, `${MARKS[check.result]} ${check.detail}${advice}\n`));
  }
  return checks.some(({ result }) => result === 'failed') ? EXIT.attention : EXIT.done;
}

const MARKS = { passed: 'ok     ', missing: 'missing', failed: 'FAILED ' } as const;

async function lookAtStore(db: string, options: StoreOptions, terminal: Terminal): Promise<ExitCode> {
  const { accept } = options;
  const ports = storePorts(terminal);
  const unconfirmed = await upgradeStore(db, ports, accept);
  if (unconfirmed.length > 0) {
    for (const problem of unconfirmed) await printProblem(problem, options, terminal);
    return EXIT.attention;
  }
  const audit = await audited(db, options, terminal);
  if (audit.problems.length === 0) return EXIT.done;
  if (!accept) return EXIT.attention;
  if (!audit.problems.every(({ problem }) => isAcceptable(problem))) {
    throw new StoreError(`${db}: rows that were changed cannot be accepted; restore them from an archive`);
  }
  await acceptStore(db, ports);
  warn(terminal, `indicia: accepted by ${ports.author?.name}: ${db} begins anew from here; run its sources again`);
  // What could not be compared before may be compared now: macros stand before the functions that compare.
  return (await audited(db, options, terminal)).problems.length === 0 ? EXIT.done : EXIT.attention;
}

async function audited(db: string, options: StoreOptions, terminal: Terminal): Promise<StoreAudit> {
  const progress = new Progress(terminal);
  const onProgress = (rows: bigint) => progress.show(`${plural(rows, 'row')} compared`);
  const audit = await auditStore(db, onProgress, { archive: options.archive, notedHead: options.head });
  progress.done(`${plural(audit.rows, 'row')} compared`);
  for (const problem of audit.problems) await printProblem(problem, options, terminal);
  if (!options.json) {
    await print(terminal, summary(db, audit, options.archive));
    return audit;
  }
  for (const { atMs, actor, detail } of audit.accepted) {
    const at = atMs === null ? null : new Date(Number(atMs)).toISOString();
    await printJson(terminal, { accepted: JSON.parse(detail), at, by: actor });
  }
  for (const vouched of audit.vouched) await printJson(terminal, vouched);
  await printJson(terminal, { rows: Number(audit.rows), head: audit.head, isWhole: audit.problems.length === 0 });
  return audit;
}

function printProblem(problem: StoreProblem, { json }: StoreOptions, terminal: Terminal): Promise<void> {
  return json
    ? printJson(terminal, { ...problem, row: problem.row === null ? null : Number(problem.row) })
    : print(terminal, `${problem.problem}: ${problem.detail}\n`);
}

function summary(db: string, audit: StoreAudit, archive: string | null): string {
  const { rows, archivedRows, problems, head, accepted, vouched } = audit;
  const accounts = accepted.map(({ atMs, actor, detail }) => {
    const at = atMs === null ? 'at an unknown time' : new Date(Number(atMs)).toISOString();
    return `accepted ${at} by ${actor ?? 'somebody unnamed'}: ${detail}\n`;
  });
  const lines = vouched
    .toSorted((one, other) => Number(other.isVouched) - Number(one.isVouched))
    .map(({ what, kind, isVouched, how }) => {
      const name = kind === 'beyond' ? what : `${kind} ${what}`;
      return `  ${isVouched ? 'vouched for    ' : 'not vouched for'}  ${name}: ${how}\n`;
    });
  const noted = head === null ? '' : `head ${head}: note it down elsewhere, for --head\n`;
  const listed = `${accounts.join('')}${lines.join('')}${noted}`;
  if (problems.length === 0) {
    const where = archive === null ? 'in an archive, which --archive would compare' : `in ${archive}`;
    const archived = archivedRows === 0n ? '' : `, ${count(Number(archivedRows))} of them ${where}`;
    return `${listed}${db} is whole: ${plural(rows, 'row')}${archived}\n`;
  }
  return `${listed}
${db} is not whole. Keep it as it is for an investigation, and work on with one of these:
  rows changed or missing in the middle, or tables that are not its own: restore an archive into a new file, then run
    the sources again; what is in the archive is recognized
      indicia restore --archive DIR --db NEW.duckdb && indicia run SOURCE… --registry DIR --db NEW.duckdb
  rows missing at the end, no anchor or an old one, positions, findings, cases or registry changed: accept what is there,
    which its ledger notes; then run the sources again, which are read on from the positions that the store holds
      indicia doctor --db ${db} --accept && indicia run SOURCE… --registry DIR --db ${db}
  views or macros only: the next command that writes to the store makes them anew
`;
}
