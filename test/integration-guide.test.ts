import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lasting, partShown, snippetsOf, stepsOf } from './support/guide.ts';
import { freePort, guideFolder, madeIn, startShell } from './support/guide-folder.ts';
import { suiteScope } from './support/sorter-server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GUIDE = await readFile(join(ROOT, 'docs/INTEGRATION.md'), 'utf8');
const snippets = snippetsOf(GUIDE);
const steps = stepsOf(snippets);
const MARK = '=== step';

describe('docs/INTEGRATION.md', () => {
  const scope = suiteScope();
  let folder: string;
  let ran: { readonly exitCode: number | null; readonly outputs: readonly string[]; readonly stderr: string };
  before(async () => {
    const port = String(await freePort());
    folder = await guideFolder(scope);
    ran = await runGuide(folder, port);
  });

  it('runs from its first line to its last', () => {
    assert.deepEqual([ran.exitCode, ran.outputs.length], [0, steps.length], ran.stderr);
  });

  it('makes nothing that a commit would take along', async () => {
    const { all, committable } = madeIn(folder);
    assert.ok(all.includes('sorter.token') && all.includes('tokens.json'), all.join());
    assert.deepEqual(committable, []);
  });

  for (const [index, { shell, answers, output }] of steps.entries()) {
    const said = () => ran.outputs[index] ?? '';
    if (answers.length > 0) {
      it(`shows what step ${index + 1} answers`, () => {
        const shown: unknown[] = answers.map((text) => JSON.parse(text));
        const given: unknown[] = said()
          .split('\n')
          .filter((line) => line.startsWith('{'))
          .map((line) => JSON.parse(line));
        const parts = given.map((answer, place) => partShown(answer, shown[place]));
        assert.deepEqual(parts.map(lasting), shown.map(lasting), `${shell}\n${said()}`);
      });
    }
    if (output !== null) {
      it(`shows what step ${index + 1} prints`, () => assert.equal(said().trim(), output.trim(), shell));
    }
  }
});

/** All steps in one shell, which stops at the first that fails. What they print is told apart by marks. */
async function runGuide(folder: string, port: string) {
  for (const { language, name, text } of snippets) {
    if (language === 'js') await writeFile(join(folder, name), atPort(text, port));
  }
  const script = steps.map(({ shell }) => `echo '${MARK}'\n${atPort(shell, port)}\necho`).join('\n');
  const { exitCode, stdout, stderr } = await startShell(folder, script).ended;
  return { exitCode, outputs: stdout.split(`${MARK}\n`).slice(1), stderr };
}

function atPort(text: string, port: string): string {
  return text.replaceAll('8080', port);
}
