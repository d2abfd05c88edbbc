import { type Command, Option } from 'commander';
import {
  acceptStore,
  auditStore,
  type StoreAudit,
  StoreError,
  type StoreProblem,
  upgradeStore,
} from '../analytics/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { checkMachine } from './machine-checks.ts';
import { jsonOption } from './options.ts';
import { count, Progress, plural, print, printJson, type Terminal } from './terminal.ts';

interface DoctorOptions {
  readonly db?: string;
  readonly archive?: string;
  readonly accept?: boolean;
  readonly json?: boolean;
}

/** `doctor`: what is missing on this machine, or wrong with a store, and how to mend it. */
export function addDoctorCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('doctor')
    .summary('what is missing on this machine, or wrong with a store')
    .description(
      'Looks at this machine or, with --db, at a store: every row is compared with what it was when it was recorded, ' +
        'and the store with the file .anchor beside it. Exit code 3 where a person must act.',
    )
    .addOption(new Option('--db <file>', 'the store to look at').env('INDICIA_DB'))
    .option('--archive <dir>', 'compare the rows that left the store, too: the folder that indicia archive wrote')
    .option('--accept', 'take the store as it is from now on; sources are read on from the positions in it')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  indicia doctor\n  indicia doctor --db post.duckdb')
    .action(async ({ db, archive, accept = false, json = false }: DoctorOptions) => {
      finish(
        db === undefined
          ? await lookAtMachine(json, terminal)
          : await lookAtStore(db, { archive: archive ?? null, accept, json }, terminal),
      );
    });
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

async function lookAtStore(
  db: string,
  { archive, accept, json }: { archive: string | null; accept: boolean; json: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  await upgradeStore(db);
  const progress = new Progress(terminal);
  const audit = await auditStore(db, (rows) => progress.show(`${count(Number(rows))} rows compared`), archive);
  progress.done(`${count(Number(audit.rows))} rows compared`);
  for (const problem of audit.problems) {
    if (json) await printJson(terminal, { ...problem, row: problem.row === null ? null : Number(problem.row) });
    else await print(terminal, `${problem.problem}: ${problem.detail}\n`);
  }
  if (!json) await print(terminal, summary(db, audit, archive));
  if (audit.problems.length === 0) return EXIT.done;
  if (!accept) return EXIT.attention;
  if (!audit.problems.every(isAcceptable)) {
    throw new StoreError(`${db}: rows that were changed cannot be accepted; restore them from an archive`);
  }
  await acceptStore(db);
  await print(terminal, `accepted: ${db} begins anew from here; run its sources again\n`);
  return EXIT.done;
}

/** Of these the store itself is whole: only what lies beside it says otherwise. */
function isAcceptable({ problem }: StoreProblem): boolean {
  return problem === 'anchor-missing' || problem === 'rows-missing' || problem === 'history-differs';
}

function summary(db: string, { rows, archivedRows, problems }: StoreAudit, archive: string | null): string {
  if (problems.length === 0) {
    const where = archive === null ? 'in an archive, which --archive would compare' : `in ${archive}`;
    const archived = archivedRows === 0n ? '' : `, ${count(Number(archivedRows))} of them ${where}`;
    return `${db} is whole: ${plural(Number(rows), 'row')}${archived}\n`;
  }
  return `
${db} is not whole. Keep it as it is for whoever investigates, and work on with one of these:
  rows changed or missing in the middle: restore an archive into a new file, then run the sources again;
    what is in the archive is recognized
      indicia restore --archive DIR --db NEW.duckdb && indicia run SOURCE… --registry DIR --db NEW.duckdb
  rows missing at the end, or no anchor: accept what is there, then run the sources again, which are read on
    from the positions that the store holds
      indicia doctor --db ${db} --accept && indicia run SOURCE… --registry DIR --db ${db}
`;
}
