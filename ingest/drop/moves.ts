import { lstat, rename } from 'node:fs/promises';
import { absent } from '../plain-file.ts';

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(nowhere)) !== null;
}

/** For `catch`: null also where the path leads through a file or a loop of links. */
function nowhere(error: unknown): null {
  if (error instanceof Error && 'code' in error && ['ENOTDIR', 'ELOOP'].includes(String(error.code))) return null;
  return absent(error);
}

/** False when there is nothing to move. */
export async function moved(from: Buffer, to: string): Promise<boolean> {
  const isMoved = await rename(from, to).catch(absent);
  return isMoved !== null;
}
