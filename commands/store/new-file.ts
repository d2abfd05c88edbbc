import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { hasErrno } from '../../indicium/index.ts';

/**
 * A new file, under its name only once it is whole: half an answer must not pass for one. `write` says whether what it wrote is to
 * be kept.
 */
export async function writeNewFile<Written extends { readonly isKept: boolean }>(
  path: string,
  write: (file: Writable) => Promise<Written>,
): Promise<Written> {
  const partial = `${path}.partial`;
  const file = createWriteStream(partial, { flags: 'wx' });
  const closed = new Promise((resolve) => file.once('close', resolve));
  try {
    const [written] = await Promise.all([write(file).finally(() => file.end()), finished(file)]);
    if (written.isKept) await rename(partial, path);
    else await rm(partial);
    return written;
  } catch (error) {
    file.destroy();
    await closed;
    // Another run's file is left alone.
    if (!hasErrno(error, 'EEXIST')) await rm(partial, { force: true });
    throw error;
  }
}
