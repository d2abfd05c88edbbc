import { constants, type FileHandle, open } from 'node:fs/promises';
import { FILE_FAULTS, fileFaultOf, hasErrno, openNamedFile } from '../indicium/index.ts';
import { SourceError } from '../scans/index.ts';

/** Never through a link, and never waiting for the other end of a pipe. */
const OPEN_PLAINLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A regular file that a person named, also through links, for a file that is read bit by bit. @throws SourceError */
export async function openSourceFile(path: string): Promise<FileHandle> {
  const file = await openNamedFile(path);
  if (typeof file === 'string') throw new SourceError(`${path}: ${FILE_FAULTS[file]}`);
  return file;
}

/** Null for what cannot be opened as a plain file can. */
export async function openPlainly(path: string | Buffer): Promise<FileHandle | null> {
  try {
    const file = await open(path, OPEN_PLAINLY);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return null;
  } catch (error) {
    fileFaultOf(error);
    return null;
  }
}

/** All of a plain file; null for what is not one, cannot be read, or is longer. */
export async function readPlainFile(path: string | Buffer, bytesMax: number): Promise<Buffer | null> {
  const file = await openPlainly(path);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax + 1), 0, bytesMax + 1, 0);
    return bytesRead > bytesMax ? null : buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** For `catch`: null when what was asked for is not there. */
export function absent(error: unknown): null {
  if (hasErrno(error, 'ENOENT')) return null;
  throw error;
}
