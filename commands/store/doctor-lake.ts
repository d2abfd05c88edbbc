import { auditLake, isLakeOf, type LakeProblem } from '../../analytics/index.ts';
import { plural } from '../../indicium/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { count, Progress, print, printJson, type Terminal } from '../terminal.ts';

interface LakeOptions {
  /** The store that it should be of. */
  readonly db: string | null;
  readonly json: boolean;
}

/** What is wrong with a lake, each file by its name. */
export async function lookAtLake(lake: string, { db, json }: LakeOptions, terminal: Terminal): Promise<ExitCode> {
  const progress = new Progress(terminal);
  const audit = await auditLake(lake, (rows) => progress.show(`${plural(rows, 'row')} compared`));
  progress.done(`${plural(audit.rows, 'row')} compared`);
  for (const problem of audit.problems) await printProblem(problem, json, terminal);
  const isOther = db !== null && !(await isLakeOf(db, audit.manifests));
  if (isOther) {
    const detail = `its rows are not those of ${db}: it is of another store, or one of both was put back to an older state`;
    await printProblem({ problem: 'other-store', path: null, detail }, json, terminal);
  }
  const isWhole = audit.problems.length === 0 && !isOther;
  const { rows, files, bytes } = audit;
  const versions = audit.manifests.map(({ partition, version }) => ({ partition, version }));
  await (json
    ? printJson(terminal, { lake, rows: Number(rows), files, bytes, versions, isWhole })
    : print(
        terminal,
        summary(lake, isWhole, `${plural(rows, 'row')}, ${plural(files, 'file')}, ${count(bytes)} bytes`),
      ));
  return isWhole ? EXIT.done : EXIT.attention;
}

function printProblem({ problem, path, detail }: LakeProblem, json: boolean, terminal: Terminal): Promise<void> {
  return json
    ? printJson(terminal, { problem, path, detail })
    : print(terminal, `${problem}: ${path === null ? '' : `${path}: `}${detail}\n`);
}

function summary(lake: string, isWhole: boolean, what: string): string {
  if (isWhole) return `${lake} is whole: ${what}\n`;
  return `
${lake} is not whole. Keep it as it is for an investigation, and write another one from the store:
  indicia run SOURCE… --registry DIR --db STORE --lake NEW
Files that no manifest names are read by nobody who goes by the manifests; move them away.
`;
}
