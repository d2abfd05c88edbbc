import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { IMAGE_BYTES_MAX } from './limits.ts';

export type FileFailure = 'image-missing' | 'image-refused' | 'image-too-large';

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
/** What says nothing about the file: it will pass, so that the image is read again. */
const WILL_PASS = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR']);

/** The bytes of an image that came another way, as long as a file might have as many. */
export function sizedImage(bytes: Uint8Array): Uint8Array | FileFailure {
  return bytes.length > IMAGE_BYTES_MAX ? 'image-too-large' : bytes;
}

/**
 * The bytes of a regular file of at most IMAGE_BYTES_MAX. With `within` it must lie in that folder or below it, wherever the
 * links on its path lead. Anything else in its place gives a reason; a full table of open files throws: it will pass.
 *
 * It waits for the disk: a reading process reads one image after another, and the four turns of the thread pool that the same takes
 * otherwise are a quarter of the time of a crop.
 */
export function readImageFile(path: string, within?: string): Uint8Array | FileFailure {
  let file: number;
  try {
    // Without O_NONBLOCK a named pipe would be waited for until somebody writes to it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return failureOf(error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return 'image-refused';
    if (within !== undefined && !liesWithin(within, file, path)) return 'image-refused';
    return stat.size > IMAGE_BYTES_MAX ? 'image-too-large' : readBytes(file, stat.size);
  } catch (error) {
    return failureOf(error);
  } finally {
    closeSync(file);
  }
}

/** Of the file that was opened, which no link can replace any more; where the system does not tell (no /proc), of its path. */
function liesWithin(folder: string, file: number, path: string): boolean {
  const opened = openedPath(file) ?? realpathSync.native(path);
  const root = realpathSync.native(folder);
  return opened.startsWith(root.endsWith(sep) ? root : root + sep);
}

function openedPath(file: number): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } catch {
    return null;
  }
}

/** However long the file is said to be: those of /proc say 0, and others grow. */
function readBytes(file: number, size: number): Uint8Array | FileFailure {
  let buffer = Buffer.allocUnsafe(size + 1);
  for (let length = 0; ; ) {
    const bytesRead = readSync(file, buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (length > IMAGE_BYTES_MAX) return 'image-too-large';
    if (bytesRead === 0) return buffer.subarray(0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, IMAGE_BYTES_MAX + 1));
  }
}

/** @throws an error that will pass, or that does not come from the file system. */
function failureOf(error: unknown): FileFailure {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  const code = String(error.code);
  if (WILL_PASS.has(code) || (!('syscall' in error) && code !== 'ERR_INVALID_ARG_VALUE')) throw error;
  return ABSENT.has(code) ? 'image-missing' : 'image-refused';
}
