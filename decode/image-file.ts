import { constants, open } from 'node:fs/promises';
import { IMAGE_BYTES_MAX } from './limits.ts';

export type FileFailure = 'image-missing' | 'image-refused' | 'image-too-large';

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);
const REFUSED = new Set(['EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENXIO', 'ERR_INVALID_ARG_VALUE']);

/** The bytes of an image that came another way, as long as a file might have as many. */
export function sizedImage(bytes: Uint8Array): Uint8Array | FileFailure {
  return bytes.length > IMAGE_BYTES_MAX ? 'image-too-large' : bytes;
}

/** The bytes of a regular file of at most IMAGE_BYTES_MAX. A full disk or table of open files throws: it will pass. */
export async function readImageFile(path: string): Promise<Uint8Array | FileFailure> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // Without O_NONBLOCK a named pipe would be waited for until somebody writes to it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (ABSENT.has(code)) return 'image-missing';
    if (REFUSED.has(code)) return 'image-refused';
    throw error;
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return 'image-refused';
    if (stat.size > IMAGE_BYTES_MAX) return 'image-too-large';
    return await file.readFile();
  } finally {
    await file.close();
  }
}
