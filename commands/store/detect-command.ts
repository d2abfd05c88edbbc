import type { Command } from 'commander';
import { backtest, detect, gatherFolder, isFolder, Store, type VerdictChange } from '../../analytics/index.ts';
import { readPolicy } from '../../analytics/judge/index.ts';
import { plural } from '../../indicium/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { databaseOption, jsonOption, policyOption } from '../options.ts';
import { storePorts } from '../store-ports.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface DetectOptions {
  readonly db: string;
  readonly policy?: string;
  readonly backtest?: string;
  readonly json?: boolean;
}

type Change = Awaited<ReturnType<typeof backtest>>[number];

export function addDetectCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('detect')
    .summary('run the detectors over what is new, or try another policy on the past')
    .description(
      'Runs every detector over the evidence that is new since the last time; another registry or policy makes everything ' +
        'new. Of a folder of partitions, gathers the evidence of all in FOLDER/union.duckdb and looks there. With ' +
        '--backtest, shows what another policy would find and answer instead, and changes nothing.',
    )
    .addOption(databaseOption())
    .addOption(policyOption())
    .option('--backtest <file>', 'a policy to hold against what is found now')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  indicia detect --db day.duckdb\n  indicia detect --db partitions\n  indicia detect --db day.duckdb --backtest stricter.json',
    )
    .action(async ({ db: address, policy, backtest: tried, json }: DetectOptions) => {
      const db = isFolder(address) ? await gatherFolder(address, storePorts(terminal)) : address;
      if (tried !== undefined) await printBacktest(db, tried, json ?? false, terminal);
      else {
        const store = await Store.open(db, { ...storePorts(terminal), mustExist: true });
        try {
          const findings = await detect(store, readPolicy(policy));
          await (json ? printJson(terminal, { findings }) : print(terminal, `${plural(findings, 'finding')}\n`));
        } finally {
          store.close();
        }
      }
      finish(EXIT.done);
    });
}

async function printBacktest(db: string, file: string, asJson: boolean, terminal: Terminal): Promise<void> {
  const policy = readPolicy(file);
  const changes = await backtest(db, policy);
  if (asJson) {
    for (const change of changes) await printJson(terminal, plain(change));
    return;
  }
  const lines = changes.map((change) => (change.change === 'verdict' ? verdictLine(change) : findingLine(change)));
  await print(terminal, `policy ${policy.version}: ${plural(changes.length, 'change')}\n${lines.join('')}`);
}

/** What is the same before and after is left out: a policy may change the scans, the severity or the words of a finding alone. */
function findingLine(finding: Exclude<Change, VerdictChange>): string {
  const { change, kind, severity, severityBefore, detail, detailBefore, scanIdsAdded, scanIdsRemoved } = finding;
  const [added, removed] = [scanIdsAdded.length, scanIdsRemoved.length];
  const scans = [added > 0 ? `+${added}` : '', removed > 0 ? `−${removed}` : ''].filter((part) => part !== '');
  const named = scans.length === 0 ? [] : [`${scans.join(' ')} ${added + removed === 1 ? 'scan' : 'scans'}`];
  if (change !== 'changed') return `${change}  ${kind} (${[severity, ...named].join(', ')}): ${detail}\n`;
  const weighed = severityBefore === severity ? severity : `${severityBefore} → ${severity}`;
  const said = detailBefore === detail ? '' : ` (before: ${detailBefore})`;
  return `changed  ${kind} (${[weighed, ...named].join(', ')}): ${detail}${said}\n`;
}

function verdictLine({ reasons, from, to, scans }: VerdictChange): string {
  return `verdict  ${from} → ${to}, ${plural(scans, 'scan')}: ${reasons.join(', ')}\n`;
}

function plain(change: Change): object {
  return change.change === 'verdict' ? { ...change, scans: Number(change.scans) } : change;
}
