import { lstat, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hasErrno } from '../../indicium/index.ts';
import { PULL_MS_MAX } from '../limits.ts';
import { readPlainFile } from '../plain-file.ts';
import { refuse, type TrustRefusal } from './failures.ts';

/** Where a pull puts files before their place is theirs; there is one, so that it also keeps a second pull out. */
const STAGING = '.pull';
const OWNER = 'owner';
const OWNER_BYTES_MAX = 1_024;

/** Codes of a rename onto what is there already and is not empty. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

/** What a pull holds from its beginning to its end. */
export interface Staging {
  /** Each file is written beside its place and then renamed into it, in the order given. */
  replace(files: readonly [string, Buffer][]): Promise<void>;
  /** To be called at the end, no matter what became of the pull. */
  leave(): Promise<void>;
}

/**
 * Claims a registry folder for one pull. What was left by a pull that was killed, is cleared away: its process is gone, or it
 * is older than any pull lasts. The owner stands in the folder before it has its name, so that no claim is without owner.
 */
export async function claimStaging(folder: string, nowMs: number): Promise<Staging | TrustRefusal> {
  const path = join(folder, STAGING);
  const fresh = await mkdtemp(join(folder, `${STAGING}-`));
  try {
    await writeFile(join(fresh, OWNER), ownerText());
    if (!(await isPlaced(fresh, path))) {
      if (await isAtWork(path, nowMs)) return refuse('trust-busy', `${path} belongs to it`);
      const left = join(fresh, 'left');
      await moveAside(path, left);
      if (await isAtWork(left, nowMs)) {
        await rename(left, path);
        return refuse('trust-busy', `${path} belongs to it`);
      }
      if (!(await isPlaced(fresh, path))) return refuse('trust-busy', `${path} was taken a moment ago`);
    }
    await clearAbandoned(folder, nowMs);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return {
    async replace(files) {
      for (const [name, bytes] of files) await writeFile(join(path, name), bytes);
      for (const [name] of files) await rename(join(path, name), join(folder, name));
    },
    leave: () => rm(path, { recursive: true, force: true }),
  };
}

function ownerText(): string {
  return `${process.pid} ${hostname()}\n`;
}

async function isPlaced(fresh: string, path: string): Promise<boolean> {
  try {
    await rename(fresh, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && TAKEN.has(String(error.code))) return false;
    throw error;
  }
}

/** Whether the pull whose folder this is may still be running. */
async function isAtWork(path: string, nowMs: number): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  if (found === null || !found.isDirectory() || nowMs - found.mtimeMs > PULL_MS_MAX) return false;
  const owner = await readPlainFile(join(path, OWNER), OWNER_BYTES_MAX);
  const [pid, host] = typeof owner === 'string' ? [] : owner.toString('utf8').trim().split(' ');
  // Of another machine's processes nothing is known here.
  if (pid === undefined || host !== hostname()) return typeof owner !== 'string';
  return isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return hasErrno(error, 'EPERM');
  }
}

/** In one step, and looked at again before it is deleted: another pull may have claimed its place since. */
async function moveAside(path: string, aside: string): Promise<void> {
  await rename(path, aside).catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT')) throw error;
  });
}

/** Folders of pulls that were killed before they had claimed anything. */
async function clearAbandoned(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${STAGING}-`)) continue;
    const path = join(folder, name);
    const found = await lstat(path).catch(() => null);
    if (found !== null && nowMs - found.mtimeMs > PULL_MS_MAX) await rm(path, { recursive: true, force: true });
  }
}
