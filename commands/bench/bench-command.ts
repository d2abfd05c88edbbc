import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { print, printJson, type Terminal, warn } from '../terminal.ts';
import { benchmarkNames, runBenchmark } from './benchmarks.ts';
import { type Comparison, compareResults } from './compare.ts';
import { environment } from './environment.ts';
import { type Measured, type Results, readResults, writeResults } from './results-file.ts';

interface BenchOptions {
  readonly out?: string;
  readonly compare?: string;
  readonly profile?: string;
  readonly json?: true;
}

/** The whole way, each stage and what it costs, and the figure that tells most between two commits. */
const USUAL = ['end-to-end', 'steady', 'pictures', 'decode', 'sorter', 'growth', 'reader', 'run'];

export function addBenchCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const names = benchmarkNames();
  program
    .command('bench')
    .summary('run the benchmarks')
    .description(
      `Runs benchmarks and prints their tables. There are: ${names.join(', ')}. Without a name: ${USUAL.join(', ')}.`,
    )
    .argument('[name...]', 'some of them')
    .option('--out <file>', 'write machine, versions, commit and all samples as JSON')
    .option('--compare <file>', 'say what got slower since these results, beyond what differs by chance')
    .option('--profile <dir>', 'write a CPU profile of every thread and process, for the developer tools of Chromium')
    .option('--json', 'for machines: the results as one line of JSON on standard output, tables on standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  indicia bench decode\n  indicia bench run pictures --out new.json --compare benchmarks/results/0.2.0.json',
    )
    .action(async (chosen: string[], options: BenchOptions) => {
      const unknown = chosen.filter((name) => !names.includes(name));
      if (unknown.length > 0) {
        warn(terminal, `indicia: no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}`);
        return finish(EXIT.usage);
      }
      const old = options.compare === undefined ? null : readResults(options.compare);
      const startedAt = new Date(terminal.nowMs()).toISOString();
      const measurements: Measured[] = [];
      let code: ExitCode = EXIT.done;
      for (const name of chosen.length === 0 ? USUAL.filter((usual) => names.includes(usual)) : chosen) {
        const heading = `\n## ${name}\n\n`;
        if (options.json === true) warn(terminal, heading);
        else await print(terminal, heading);
        const ended = await runBenchmark(name, { profile: options.profile, isQuiet: options.json === true });
        measurements.push(...ended.measurements);
        if (ended.exitCode !== 0) {
          warn(terminal, `indicia: the benchmark ${name} failed`);
          code = EXIT.failed;
        }
      }
      const results: Results = { format: 'indicia-bench-1', startedAt, ...environment(), measurements };
      if (options.out !== undefined) writeResults(options.out, results);
      const compared = old === null ? null : compareResults(old.measurements, measurements);
      if (options.json === true) await printJson(terminal, compared === null ? results : { ...results, compared });
      else if (compared !== null) await print(terminal, comparedText(compared));
      if (compared?.some(({ verdict }) => verdict === 'slower') === true && code === EXIT.done) code = EXIT.attention;
      finish(code);
    });
}

function comparedText(compared: readonly Comparison[]): string {
  if (compared.length === 0)
    return '\nNothing in these results can be compared: they have no figure in common that is a ratio.\n';
  const rows = compared.map(({ benchmark, name, ratio, from, to, verdict }) => {
    const interval = Number.isFinite(to) ? `${from.toFixed(3)} to ${to.toFixed(3)}` : 'too few samples';
    return `| ${benchmark} | ${name} | ${ratio.toFixed(3)} | ${interval} | ${verdict} |\n`;
  });
  const head = '| benchmark | figure | new over old | 99 times of 100 | verdict |\n| --- | --- | --- | --- | --- |\n';
  return `\n## compared\n\n${head}${rows.join('')}`;
}
