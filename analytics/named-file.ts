import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileFault, fileFaultOf } from '../indicium/index.ts';

/**
 * All of a regular file that a person named, such as a policy. Links are followed, pipes and devices are not waited for: without O_NONBLOCK a
 * pipe would hold the command until somebody writes to it.
 */
export function readNamedFile(path: string, bytesMax: number): Buffer | FileFault {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return fileFaultOf(error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return 'irregular';
    if (stat.size > bytesMax) return 'too-long';
    const bytes = readAtMost(file, Math.max(stat.size, MEMORY_BYTES_MIN) + 1, bytesMax + 1);
    return bytes.length > bytesMax ? 'too-long' : bytes;
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
