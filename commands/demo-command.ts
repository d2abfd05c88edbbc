import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type ScanDetail, StoreReader } from '../analytics/index.ts';
import type { RunReport } from '../app/index.ts';
import { tellStory } from '../desk/index.ts';
import { ExpectedError, type Finding, plural, type Verdict } from '../indicium/index.ts';
import { FRAUDS, type Score, score, simulate, type TruthLine } from '../psd-sim/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { wholeNumber } from './options.ts';
import { FOR_PEOPLE, openRunLog } from './run/run-log.ts';
import { runSources } from './run/run-sources.ts';
import { SIMULATED_DAY_MS } from './simulate-command.ts';
import { writeReport } from './store/report-command.ts';
import { count, Progress, print, rate, type Terminal } from './terminal.ts';

interface DemoOptions {
  readonly out: string;
  readonly pieces: number;
  readonly seed: number;
}

const DEMO_PIECES_MIN = 400;
const DEMO_PIECES_MAX = 100_000;

export function addDemoCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('demo')
    .summary('a simulated day from franking to findings (npm start)')
    .description(
      'Simulates a day with frauds, prints and scans every piece, runs the pipeline on the pictures and compares ' +
        'what it found with the truth.',
    )
    .option('--out <dir>', 'folder to write; an earlier demo in it is replaced', 'indicia-demo')
    .addOption(
      new Option('--pieces <n>', 'honest mailpieces')
        .default(2000)
        .argParser(wholeNumber(DEMO_PIECES_MIN, DEMO_PIECES_MAX)),
    )
    .addOption(new Option('--seed <n>', 'whole number').default(1).argParser(wholeNumber(0, 2 ** 32)))
    .addHelpText('after', '\nExample:\n  indicia demo --pieces 500 --seed 7')
    .action(async (options: DemoOptions) => {
      finish(await demo(options, terminal));
    });
}

async function demo({ out, pieces, seed }: DemoOptions, terminal: Terminal): Promise<ExitCode> {
  await clearFolder(out);
  await mkdir(out, { recursive: true });
  await writeFile(join(out, MARKER), 'Made by indicia demo, which replaces this folder the next time.\n');
  const progress = new Progress(terminal);
  const startedAtMs = performance.now();
  const scenario = {
    seed,
    pieces,
    psds: 12,
    licenses: 8,
    frauds: FRAUDS,
    images: 'mixed',
    dayMs: SIMULATED_DAY_MS,
  } as const;
  const simulated = await simulate(scenario, out, (step, done, total) => {
    progress.show(`1/3 ${step} ${count(done)} of ${count(total)}`);
  });
  const simulatedMs = performance.now() - startedAtMs;
  progress.done(`1/3 a day of ${plural(simulated.pieces, 'piece')} franked, printed and scanned`);

  const db = join(out, 'day.duckdb');
  const report = await runSources(
    [out],
    { registry: join(out, 'registry'), db },
    terminal,
    openRunLog(FOR_PEOPLE, terminal),
  );
  progress.done('2/3 read, verified, judged, recorded');
  const page = join(out, 'report.html');
  await writeReport([db], page);
  progress.done('3/3 report written');

  const reader = await StoreReader.open(db);
  try {
    const findings = await Array.fromAsync(reader.findings());
    const verdicts = await Array.fromAsync(reader.verdicts());
    const result = score(simulated.truth, { findings, verdicts });
    const star = starOf(findings);
    const scans = star === undefined ? [] : await reader.scanDetails(star.scanIds);
    await print(terminal, summaryText(report, simulatedMs, simulated.images));
    await print(terminal, truthText(simulated.truth, result, verdicts));
    if (star !== undefined) await print(terminal, storyText(star, scans));
    await print(terminal, nextText(out, db, page));
    return result.missed.length === 0 && result.falselyAccused.length === 0 ? EXIT.done : EXIT.attention;
  } finally {
    reader.close();
  }
}

/** Removes an earlier demo; anything else in the way is left alone. */
async function clearFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  if (!existsSync(join(folder, MARKER))) {
    throw new DemoFolderError(`${folder}: exists and holds no earlier demo; name another folder with --out`);
  }
  await rm(folder, { recursive: true });
}

/** Written only by the demo, so that only a demo is ever removed. */
const MARKER = '.indicia-demo';

class DemoFolderError extends ExpectedError {
  override readonly name = 'DemoFolderError';
  override readonly failure = 'demo-folder';
}

/** The finding to tell: a copy seen in two plants if there is one. */
function starOf(findings: readonly Finding[]): Finding | undefined {
  const copies = findings.filter((finding) => finding.kind === 'copy');
  return copies.find((finding) => finding.detail.includes('2 plants')) ?? copies[0] ?? findings[0];
}

function summaryText(report: RunReport, simulatedMs: number, images: number): string {
  const { scans, dispositions, repeated, decodeMs, verifyMs, judgeMs, recordMs } = report;
  const { accept, divert, manual } = dispositions;
  return `
THE DAY
  ${plural(scans, 'scan')} = ${count(accept)} accepted + ${count(divert)} diverted + ${count(manual)} manual
  ${plural(repeated, 'scan')} delivered twice: recorded once, the same answer

RATES ON THIS MACHINE
  simulate  ${rate(images, simulatedMs, 'pictures a second, franked, printed and scanned')}
  decode    ${rate(scans, decodeMs, 'pictures a second and core')}
  verify    ${rate(scans, verifyMs, 'signatures a second and core')}
  judge     ${rate(scans, judgeMs, 'pieces a second')}
  record    ${rate(scans, recordMs, 'scans a second, durable')}
  all       ${rate(scans, report.secondsTotal * 1000, 'scans a second, start and detectors included')}
`;
}

function truthText(truth: readonly TruthLine[], result: Score, verdicts: readonly Verdict[]): string {
  const frauds = truth.filter((line) => 'fraud' in line);
  const rows = FRAUDS.map((fraud) => {
    const injected = frauds.filter((line) => line.fraud === fraud);
    const found = result.found.filter((line) => 'fraud' in line && line.fraud === fraud);
    return `  ${fraud.padEnd(20)} ${found.length} of ${injected.length} found`;
  });
  const manual = new Set(verdicts.filter(({ disposition }) => disposition === 'manual').map(({ scanId }) => scanId));
  const smudged = truth.filter((line) => 'honest' in line && line.honest === 'smudged');
  const toManual = smudged.filter((line) => line.scanIds.every((scanId) => manual.has(scanId)));
  return `
FRAUDS COMMITTED, AND FOUND
${rows.join('\n')}
  false accusations    ${result.falselyAccused.length}
  smudged marks        ${toManual.length} of ${smudged.length} sent to manual, nobody accused
${result.missed.map((line) => `  MISSED: ${JSON.stringify(line)}\n`).join('')}`;
}

function storyText(star: Finding, scans: readonly ScanDetail[]): string {
  const lines = tellStory(star, scans).map((sentence) => `  ${sentence}`);
  const pictures = scans.flatMap((scan) => (scan.image === null ? [] : [`  picture: ${scan.image}`]));
  return `\nONE OF THEM: ${star.kind}\n${[...lines, ...pictures].join('\n')}\n`;
}

function nextText(out: string, db: string, page: string): string {
  return `
NEXT
  open ${page}
  npx indicia findings --db ${db}
  npx indicia query --db ${db} "select license, count(*), sum(postage_mills) from pieces where genuine group by 1"
  npx indicia decode ${join(out, 'images')} --json
  npx indicia run ${join(out, 'scans.ndjson')} --registry ${join(out, 'registry')} --db other.duckdb
`;
}
