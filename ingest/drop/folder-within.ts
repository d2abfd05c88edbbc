import { mkdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { hasErrno } from '../../indicium/index.ts';

/** Something other than a folder is in its place, or a link that leads nowhere or round in a circle. */
const NO_FOLDER = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EEXIST'];

/**
 * The path of a folder below another, which is made where it is missing, or null where a link leads out of that other one or
 * there is something else. `root` is a real path. It is made part by part: below a link that leads out nothing is made, either.
 */
export async function folderWithin(root: string, ...parts: readonly string[]): Promise<string | null> {
  let path = root;
  for (const part of parts.flatMap((one) => one.split('/'))) {
    path = join(path, part);
    try {
      await mkdir(path).catch(existing);
      if (!(await realpath(path)).startsWith(root + sep) || !(await stat(path)).isDirectory()) return null;
    } catch (error) {
      if (hasErrno(error, ...NO_FOLDER)) return null;
      throw error;
    }
  }
  return path;
}

/** For `catch`: null when what was to be made is there already. */
export function existing(error: unknown): null {
  if (hasErrno(error, 'EEXIST')) return null;
  throw error;
}
