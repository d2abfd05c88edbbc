import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Step, snippetsOf, stepsOf } from './support/guide.ts';
import { freePort, guideFolder, madeIn, type ShellEnd, startShell } from './support/guide-folder.ts';
import { kafkaForTests } from './support/kafka.ts';
import { suiteScope } from './support/sorter-server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README = await readFile(join(ROOT, 'examples/README.md'), 'utf8');
const steps = stepsOf(snippetsOf(README));
const isOfKafka = ({ shell }: Step) => /kafka|READER/i.test(shell);
const MARK = '=== step';
/** Of the simulated day. */
const [SCANS, DELIVERED] = [466, 474];

const hasPython = runs('python3', '--version');
const hasParquet = hasPython && runs('python3', '-c', 'import pandas, pyarrow');
const kafka = await kafkaForTests();

describe('examples/README.md', () => {
  const scope = suiteScope();
  const own = steps.filter((step) => !isOfKafka(step));
  let folder: string;
  let ended: ShellEnd;
  before(async () => {
    folder = await exampleFolder();
    const port = String(await freePort());
    const script = own.map((step) => `echo '${MARK}'\n${whyNot(step) === null ? step.shell : ':'}`);
    ended = await startShell(folder, script.join('\n').replaceAll('8080', port)).ended;
  });

  async function exampleFolder(): Promise<string> {
    const made = await guideFolder(scope);
    await symlink(join(ROOT, 'examples'), join(made, 'examples'));
    return made;
  }

  it('runs from its first line to its last', () => {
    assert.deepEqual([ended.exitCode, outputs().length], [0, own.length], ended.stderr);
  });

  for (const [index, step] of own.entries()) {
    const { shell, output } = step;
    if (output === null) continue;
    it(`shows what is printed by ${lastLineOf(shell)}`, { skip: whyNot(step) ?? false }, () => {
      assert.equal(outputs()[index], output, ended.stderr);
    });
  }

  it('makes nothing that a commit would take along', () => {
    const { all, committable } = madeIn(folder);
    assert.ok(all.includes('sorter.token') && all.includes('verdicts.csv'), all.join());
    assert.deepEqual(
      committable.filter((name) => name !== 'examples'),
      [],
    );
  });

  if (kafka !== null) {
    it('answers each scan that is sent into Kafka', { timeout: 180_000 }, async () => {
      const script = steps.filter(isOfKafka).map(({ shell }) => shell);
      const ours = script
        .join('\n')
        .replace('$(npx indicia kafka up)', kafka.url)
        .replace('npx indicia kafka down', '');
      const env = { INDICIA_KAFKA_PREFIX: `examples-${process.pid}-` };
      const { exitCode, stdout, stderr } = await startShell(folder, ours, env).ended;
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, new RegExp(`^${DELIVERED} scans sent$`, 'm'));
      const verdicts: Record<string, number> = JSON.parse(stdout.match(/^\{.*\}$/m)?.[0] ?? '{}');
      const answered = Object.values(verdicts).reduce((sum, count) => sum + count, 0);
      assert.deepEqual([Object.keys(verdicts), answered], [['accept', 'divert', 'manual'], SCANS]);
    });
  }

  function outputs(): string[] {
    return ended.stdout.split(`${MARK}\n`).slice(1);
  }
});

/** Why a step cannot be run on this machine; null where it can. */
function whyNot({ shell }: Step): string | null {
  if (shell.includes('python3') && !hasPython) return 'there is no python3';
  return shell.includes('.parquet') && !hasParquet ? 'there is no pandas with pyarrow' : null;
}

function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function lastLineOf(shell: string): string {
  return shell.trimEnd().split('\n').at(-1) ?? '';
}
