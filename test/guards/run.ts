import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Guard } from './guard.ts';
import { GUARDS } from './guards.ts';

/**
 * Takes away one guard after another in a copy of the project, and shows that a test fails then:
 * `npm run guards`, or `npm run guards -- B2 C5` for some of the scenarios. Takes minutes, so it is not part of the
 * tests.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const wanted = process.argv.slice(2);
const chosen = GUARDS.filter(({ scenario }) => wanted.length === 0 || wanted.includes(scenario));

const copy = mkdtempSync(join(tmpdir(), 'indicia-guards-'));
cpSync(ROOT, copy, { recursive: true, filter: (path) => !/\/(?:node_modules|\.git)$/.test(path) });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
try {
  const survivors = chosen.filter((guard) => !isMissed(guard));
  process.stdout.write(
    `${chosen.length - survivors.length} of ${chosen.length} guards are missed by a test when taken away\n`,
  );
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true });
}

function isMissed(guard: Guard): boolean {
  const path = join(copy, guard.file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    whole.replace(guard.text, () => guard.without),
  );
  const failing = guard.tests.find((test) => fails(test));
  writeFileSync(path, whole);
  const what = failing === undefined ? 'NO TEST FAILS' : `fails in ${failing}`;
  process.stdout.write(`${guard.scenario.padEnd(4)} ${guard.holds}: without it, ${what}\n`);
  return failing !== undefined;
}

function fails(test: string): boolean {
  const { status } = spawnSync(process.execPath, ['--test', '--test-timeout=120000', '--test-force-exit', test], {
    cwd: copy,
    stdio: 'ignore',
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  return status !== 0;
}
