import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { print, type Terminal, warn } from './terminal.ts';

const FOLDER = fileURLToPath(new URL('../benchmarks/', import.meta.url));

export function addBenchCommand(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const names = benchmarkNames();
  program
    .command('bench')
    .summary('run the benchmarks')
    .description(`Runs benchmarks and prints their tables. There are: ${names.join(', ')}.`)
    .argument('[name...]', 'some of them; all when none is named')
    .addHelpText('after', '\nExample:\n  indicia bench decode')
    .action(async (chosen: string[]) => {
      const unknown = chosen.filter((name) => !names.includes(name));
      if (unknown.length > 0) {
        warn(terminal, `indicia: no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}`);
        return finish(EXIT.usage);
      }
      for (const name of chosen.length === 0 ? names : chosen) {
        await print(terminal, `\n## ${name}\n\n`);
        if ((await runBenchmark(name)) !== 0) return finish(EXIT.failed);
      }
      finish(EXIT.done);
    });
}

/** Each runs in a process of its own, so that one does not warm the next one's caches or fill its heap. */
function runBenchmark(name: string): Promise<number | null> {
  const child = spawn(process.execPath, [`${FOLDER}${name}.bench.ts`], { stdio: 'inherit' });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', resolve);
  return promise;
}

function benchmarkNames(): string[] {
  if (!existsSync(FOLDER)) return [];
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.bench.ts'));
  return files.map((file) => file.slice(0, -'.bench.ts'.length)).toSorted();
}
