import { constants, type FileHandle, open } from 'node:fs/promises';

/** Why a file cannot be used: it is not there, is a pipe, device, folder or loop of links, is too long, or cannot be read. */
export type FileFault = 'absent' | 'irregular' | 'too-long' | 'unreadable';

const SENTENCES: Readonly<Record<FileFault, string>> = {
  absent: 'no such file',
  irregular: 'not a regular file',
  'too-long': 'longer than it may be',
  unreadable: 'cannot be read',
};

const FAULTS: Readonly<Record<string, FileFault>> = {
  ENOENT: 'absent',
  ENOTDIR: 'absent',
  ENAMETOOLONG: 'absent',
  ERR_INVALID_ARG_VALUE: 'absent',
  ELOOP: 'irregular',
  EISDIR: 'irregular',
  ENXIO: 'irregular',
  ENODEV: 'irregular',
  EACCES: 'unreadable',
  EPERM: 'unreadable',
  EIO: 'unreadable',
  EINVAL: 'unreadable',
  EAGAIN: 'unreadable',
};

export function sentenceOf(fault: FileFault): string {
  return SENTENCES[fault];
}

/** What an error of the file system says of a file. Of what will pass, such as too many open files, it says nothing: thrown. */
export function faultOf(error: unknown): FileFault {
  const fault = error instanceof Error && 'code' in error ? FAULTS[String(error.code)] : undefined;
  if (fault === undefined) throw error;
  return fault;
}

/**
 * Opens a regular file. Without O_NONBLOCK a named pipe would be waited for until somebody writes to it. Links are followed:
 * registries that are mounted (Kubernetes) are made of them.
 */
export async function openPlainFile(path: string): Promise<FileHandle | FileFault> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return faultOf(error);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  return 'irregular';
}

/** Bytes read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** The bytes of a regular file in chunks, of which each must be used before the next. @throws what `faultOf` takes. */
export async function* chunksOf(file: FileHandle, bytesMax: number): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(bytesMax, CHUNK_BYTES));
  for (let position = 0; position < bytesMax; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytesMax - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** All of a regular file of at most so many bytes, whatever its size is said to be: /proc says 0. */
export async function readPlainFile(path: string, bytesMax: number): Promise<Buffer | FileFault> {
  const file = await openPlainFile(path);
  if (typeof file === 'string') return file;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(file, bytesMax + 1)) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
    }
  } catch (error) {
    return faultOf(error);
  } finally {
    await file.close();
  }
  return bytes > bytesMax ? 'too-long' : Buffer.concat(chunks);
}
