import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type FileFault, fileFaultOf } from './failures/file-faults.ts';
import { NAMED_FILE_BYTES_MAX } from './limits.ts';

/**
 * Links are followed: registries that are mounted (Kubernetes) are made of them. Without O_NONBLOCK a pipe would hold the
 * opener until somebody writes to it.
 */
const OPEN_NAMED = constants.O_RDONLY | constants.O_NONBLOCK;

interface NamedFile {
  readonly bytes: Buffer;
  /** Its permissions, of the file that was read. */
  readonly mode: number;
}

/** A regular file that a person named, also through links, for a file that is read bit by bit. */
export async function openNamedFile(path: string): Promise<FileHandle | FileFault> {
  let file: FileHandle;
  try {
    file = await open(path, OPEN_NAMED);
  } catch (error) {
    return fileFaultOf(error);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return 'irregular';
}

/** All of a regular file that a person named, also through links. */
export function readNamedFile(path: string, bytesMax: number = NAMED_FILE_BYTES_MAX): NamedFile | FileFault {
  let file: number;
  try {
    file = openSync(path, OPEN_NAMED);
  } catch (error) {
    return fileFaultOf(error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return 'irregular';
    if (stat.size > bytesMax) return 'too-long';
    const bytes = readAtMost(file, Math.max(stat.size, MEMORY_BYTES_MIN) + 1, bytesMax + 1);
    return bytes.length > bytesMax ? 'too-long' : { bytes, mode: stat.mode };
  } catch (error) {
    return fileFaultOf(error);
  } finally {
    closeSync(file);
  }
}

/** A file in memory of the system says that it has no bytes. */
const MEMORY_BYTES_MIN = 64 * 1024;

/** However long the file was said to be: it may have grown. */
function readAtMost(file: number, bytesExpected: number, bytesMax: number): Buffer {
  let buffer = Buffer.allocUnsafe(Math.min(bytesExpected, bytesMax));
  for (let length = 0; ; ) {
    const bytesRead = readSync(file, buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length === bytesMax) return buffer.subarray(0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, bytesMax));
  }
}
