import type { FileHandle } from 'node:fs/promises';
import { type FileFault, fileFaultOf, openNamedFile } from '../indicium/index.ts';

/** Bytes read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** The bytes of a regular file in chunks, each of which is overwritten by the next. @throws what `fileFaultOf` takes. */
export async function* chunksOf(file: FileHandle, bytesMax: number): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(bytesMax, CHUNK_BYTES));
  for (let position = 0; position < bytesMax; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytesMax - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** All of a regular file of at most so many bytes, no matter what its size is said to be: /proc says 0. */
export async function readPlainFile(path: string, bytesMax: number): Promise<Buffer | FileFault> {
  const file = await openNamedFile(path);
  if (typeof file === 'string') return file;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(file, bytesMax + 1)) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
    }
  } catch (error) {
    return fileFaultOf(error);
  } finally {
    await file.close();
  }
  return bytes > bytesMax ? 'too-long' : Buffer.concat(chunks);
}
