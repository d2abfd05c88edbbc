import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { indicia } from '../support/command-line.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const benchmarks = readdirSync(join(ROOT, 'benchmarks')).filter((name) => name.endsWith('.ts'));
const performance = readFileSync(join(ROOT, 'docs/PERFORMANCE.md'), 'utf8');

describe('docs/PERFORMANCE.md', () => {
  it('has every variable that sets the size of a benchmark, and no others', () => {
    const read = benchmarks.flatMap((name) =>
      [...readFileSync(join(ROOT, 'benchmarks', name), 'utf8').matchAll(/process\.env\.(INDICIA_\w+)/g)].map(
        ([, variable = '']) => variable,
      ),
    );
    const told = [...performance.matchAll(/\bINDICIA_\w+/g)].map(([variable]) => variable);
    assert.deepEqual([...new Set(told)].toSorted(), [...new Set(read)].toSorted());
  });

  it('names the benchmarks that run without a name', async () => {
    const { stdout } = await indicia(['bench', '--help']);
    const [, usual = ''] = /Without a name: ([^.]+)\./.exec(stdout.replaceAll(/\s+/g, ' ')) ?? [];
    const [, told = ''] = /Without a name it runs ([^.]+?), which/.exec(performance) ?? [];
    const names = [...told.matchAll(/`([\w-]+)`/g)].map(([, name]) => name);
    assert.deepEqual(names, usual.split(', '));
    for (const name of names) assert.ok(benchmarks.includes(`${name}.bench.ts`), name);
  });
});
