import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lasting, partShown, snippetsOf, stepsOf } from './support/guide.ts';
import { suiteScope } from './support/sorter-server.ts';
import { type Scope, temporaryFolder } from './support/temporary.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GUIDE = await readFile(join(ROOT, 'docs/INTEGRATION.md'), 'utf8');
const snippets = snippetsOf(GUIDE);
const steps = stepsOf(snippets);
const CURL_STAND_IN = join(ROOT, 'test/support/curl-stand-in.ts');
const MARK = '=== step';

describe('docs/INTEGRATION.md', () => {
  const scope = suiteScope();
  let ran: { readonly exitCode: number | null; readonly outputs: readonly string[]; readonly stderr: string };
  before(async () => {
    const port = String(await freePort());
    ran = await runGuide(await guideFolder(scope, port), port);
  });

  it('runs from its first line to its last', () => {
    assert.deepEqual([ran.exitCode, ran.outputs.length], [0, steps.length], ran.stderr);
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

/** A folder that looks like a checkout, with a shell's commands as the guide has them. */
async function guideFolder(scope: Scope, port: string): Promise<string> {
  const folder = await temporaryFolder(scope);
  await mkdir(join(folder, 'node_modules'));
  await mkdir(join(folder, 'bin'));
  await symlink(ROOT, join(folder, 'node_modules/indicia'));
  await symlink(join(ROOT, 'node_modules/.bin'), join(folder, 'node_modules/.bin'));
  await symlink(join(ROOT, 'main.ts'), join(folder, 'main.ts'));
  await executable(join(folder, 'bin/npx'), 'shift\nexec node_modules/.bin/node main.ts "$@"');
  if (!hasCurl()) await executable(join(folder, 'bin/curl'), `exec ${process.execPath} ${CURL_STAND_IN} "$@"`);
  for (const { language, name, text } of snippets) {
    if (language === 'js') await writeFile(join(folder, name), atPort(text, port));
  }
  return folder;
}

function hasCurl(): boolean {
  return process.env.INDICIA_TEST_CURL !== 'stand-in' && spawnSync('curl', ['--version']).status === 0;
}

async function executable(path: string, shell: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${shell}\n`);
  await chmod(path, 0o755);
}

/** All steps in one shell, which stops at the first that fails. What they print is told apart by marks. */
async function runGuide(folder: string, port: string) {
  const script = steps.map(({ shell }) => `echo '${MARK}'\n${atPort(shell, port)}\necho`).join('\n');
  const child = spawn('bash', ['-c', `set -euo pipefail\n${script}`], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`, NO_COLOR: '1' },
  });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, outputs: stdout.join('').split(`${MARK}\n`).slice(1), stderr: stderr.join('') };
}

function atPort(text: string, port: string): string {
  return text.replaceAll('8080', port);
}

/** The guide has a port of its own, which somebody may be using. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
