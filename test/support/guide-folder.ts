import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Scope, temporaryFolder } from './temporary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CURL_STAND_IN = join(ROOT, 'test/support/curl-stand-in.ts');

/** What a guide folder has before anything of a guide is run. */
const GIVEN: readonly string[] = ['bin', 'main.ts', 'node_modules'];

/** A folder that looks like a checkout, with a shell's commands as the guides have them. */
export async function guideFolder(scope: Scope): Promise<string> {
  const folder = await temporaryFolder(scope);
  await mkdir(join(folder, 'node_modules'));
  await mkdir(join(folder, 'bin'));
  await symlink(ROOT, join(folder, 'node_modules/indicia'));
  await symlink(join(ROOT, 'node_modules/.bin'), join(folder, 'node_modules/.bin'));
  await symlink(join(ROOT, 'main.ts'), join(folder, 'main.ts'));
  await executable(join(folder, 'bin/npx'), 'shift\nexec node_modules/.bin/node main.ts "$@"');
  if (!hasCurl()) await executable(join(folder, 'bin/curl'), `exec ${process.execPath} ${CURL_STAND_IN} "$@"`);
  return folder;
}

function hasCurl(): boolean {
  return process.env.INDICIA_TEST_CURL !== 'stand-in' && spawnSync('curl', ['--version']).status === 0;
}

async function executable(path: string, shell: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${shell}\n`);
  await chmod(path, 0o755);
}

export interface ShellEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningShell {
  /** As far as it has come. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly stop: () => void;
  readonly ended: Promise<ShellEnd>;
}

/** What a guide tells to type, in its folder; `exec COMMAND` to be able to stop it. */
export function startShell(folder: string, script: string, env: NodeJS.ProcessEnv = {}): RunningShell {
  const child = spawn('bash', ['-c', `set -euo pipefail\n${script}`], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // A guide that ended early may have left a server, which would hold our pipes open.
  child.on('exit', () => killGroup(child.pid));
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const ended = new Promise<ShellEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout: stdout.join(''), stderr: stderr.join('') }));
  });
  return {
    stdout: () => stdout.join(''),
    stderr: () => stderr.join(''),
    stop: () => void child.kill('SIGTERM'),
    ended,
  };
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** A guide has a port of its own, which somebody may be using. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** What a guide made at the top of its folder: all of it, and what the project's .gitignore would let into a commit. */
export function madeIn(folder: string): { readonly all: readonly string[]; readonly committable: readonly string[] } {
  const all = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !GIVEN.includes(name))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  const input = all.join('\n');
  const { stdout } = spawnSync('git', ['-C', ROOT, 'check-ignore', '--no-index', '--stdin'], {
    input,
    encoding: 'utf8',
  });
  const ignored = new Set(stdout.split('\n'));
  return { all, committable: all.filter((name) => !ignored.has(name)) };
}
