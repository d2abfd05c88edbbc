import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { PACKAGES } from '../../bin/own-node.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Versions that a machine may have, with the one of each line that was newest when it was tried. */
const VERSIONS = {
  npm: { 10: '10.9.9', 11: '11.21.2', 12: '12.2.2' },
  pnpm: { 10: '10.34.8', 11: '11.28.10' },
  node: { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' },
} as const;

const OWN_NODE = PACKAGES.get(`${platform}-${arch}`);
const DEPENDENCIES = Object.fromEntries(
  Object.entries(VERSIONS).flatMap(([tool, lines]) =>
    Object.entries(lines).map(([line, version]) => [
      `${tool}-${line}`,
      `npm:${tool === 'node' ? OWN_NODE : tool}@${version}`,
    ]),
  ),
);

/** Kept for the next time, by what is in it; removed with node_modules. */
const TOOLS = join(
  ROOT,
  'node_modules/.cache',
  `fresh-machine-${hash('sha256', JSON.stringify(DEPENDENCIES)).slice(0, 12)}`,
);

export const NPMS = ['npm-10', 'npm-11', 'npm-12'] as const;
export const PNPMS = ['pnpm-10', 'pnpm-11'] as const;
export const OLD_NODES = ['node-20', 'node-22', 'node-24'] as const;
export const NODES = [...OLD_NODES, 'node-26'] as const;

export type Manager = (typeof NPMS)[number] | (typeof PNPMS)[number];
export type NodeLine = (typeof NODES)[number];

let fetched: Promise<void> | null = null;

/** Fetches them from the registry, once, side by side, without their scripts and without links to them. */
export function fetchTools(): Promise<void> {
  fetched ??= fetchAll();
  return fetched;
}

/** Into a folder of its own, which then takes its place at once: files of tests run side by side. */
async function fetchAll(): Promise<void> {
  if (existsSync(TOOLS)) return;
  const folder = `${TOOLS}-${process.pid}`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: DEPENDENCIES }));
  const quiet = [
    '--no-bin-links',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ];
  const { exitCode, stderr } = await runIn(folder, process.env, ['npm', 'install', ...quiet]);
  if (exitCode !== 0) throw new Error(`no versions of npm and Node to try: ${stderr}`);
  await rename(folder, TOOLS).catch(async (error: unknown) => {
    // Another was there first.
    if (!existsSync(TOOLS)) throw error;
    await rm(folder, { recursive: true });
  });
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Without what this machine's own settings of npm make it say. */
  readonly stderr: string;
}

/** A clone of the project as it would be committed, with nothing installed. */
export class FreshClone {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async in(folder: string): Promise<FreshClone> {
    const listed = await runIn(ROOT, process.env, [
      'git',
      'ls-files',
      '-z',
      '--cached',
      '--others',
      '--exclude-standard',
    ]);
    const clone = join(folder, 'clone');
    for (const file of listed.stdout.split('\0').filter((name) => name !== '')) {
      await mkdir(dirname(join(clone, file)), { recursive: true });
      await copyFile(join(ROOT, file), join(clone, file));
    }
    return new FreshClone(clone);
  }

  /** A project of somebody else's, with nothing in it yet. */
  static async empty(folder: string): Promise<FreshClone> {
    const clone = join(folder, 'project');
    await mkdir(clone);
    await writeFile(join(clone, 'package.json'), JSON.stringify({ private: true }));
    return new FreshClone(clone);
  }

  /** A command where only that package manager and that Node are in the path. */
  async run(
    manager: Manager,
    node: NodeLine,
    command: readonly string[],
    settings: NodeJS.ProcessEnv = {},
  ): Promise<Ended> {
    const path = [await machineOf(this.folder, manager, node), '/usr/bin', '/bin'].join(delimiter);
    const { PATH: _, NODE_ENV: __, NODE_OPTIONS: ___, ...inherited } = process.env;
    // What `npm test` tells its own children is not what a user's shell has.
    const own = Object.entries(inherited).filter(
      ([name]) => !/^npm_(?:package|lifecycle|command|config_user_agent)/.test(name),
    );
    const env = {
      ...Object.fromEntries(own),
      PATH: path,
      NO_COLOR: '1',
      npm_config_prefer_offline: 'true',
      CI: 'true',
      ...settings,
    };
    return runIn(this.folder, env, command);
  }
}

/** A folder with the commands of one machine, beside the clone. */
async function machineOf(clone: string, manager: Manager, node: NodeLine): Promise<string> {
  const bin = join(clone, '..', `${manager}-${node}`);
  if ((await mkdir(bin, { recursive: true })) === undefined) return bin;
  await symlink(nodeOf(node), join(bin, 'node'));
  const [tool, line] = manager.split('-');
  // pnpm users have an npm, too: one came with their Node.
  const npm = tool === 'npm' ? manager : 'npm-11';
  for (const name of ['npm', 'npx'])
    await symlink(join(TOOLS, 'node_modules', npm, `bin/${name}-cli.js`), join(bin, name));
  if (tool === 'pnpm')
    await symlink(join(TOOLS, 'node_modules', manager, `bin/pnpm.${line === '10' ? 'cjs' : 'mjs'}`), join(bin, 'pnpm'));
  return bin;
}

/** The binary of a line; that of 26 is the one that the project brings. */
export function nodeOf(node: NodeLine): string {
  return node === 'node-26' ? process.execPath : join(TOOLS, 'node_modules', node, 'bin/node');
}

export async function runIn(
  cwd: string,
  env: NodeJS.ProcessEnv,
  [command = '', ...args]: readonly string[],
): Promise<Ended> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('close', resolve);
  child.on('error', reject);
  const exitCode = await promise;
  const said = stderr
    .join('')
    .split('\n')
    .filter((line) => !OF_THIS_MACHINE.test(line));
  return { exitCode, stdout: stdout.join(''), stderr: said.join('\n') };
}

/** Settings in the user's own .npmrc that a newer npm does not know; npm 12, of itself: which script it runs, and on what Node. */
const OF_THIS_MACHINE = /^npm (?:warn Unknown (?:user|env) config|notice run |warn cli npm v\S+ does not support Node)/;
