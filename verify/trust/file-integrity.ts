import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileFaultOf, openNamedFile } from '../../indicium/index.ts';
import { chunksOf, readPlainFile } from '../plain-file.ts';
import type { SignedFile, TrustHead } from './list.ts';

/** The record files of a folder that are missing, or other than the head fixes them, in its order. */
export async function differingRecords(folder: string, head: TrustHead): Promise<[string, SignedFile][]> {
  const differing: [string, SignedFile][] = [];
  for (const [name, file] of Object.entries(head.files)) {
    if (!(await isWhole(join(folder, name), file))) differing.push([name, file]);
  }
  return differing;
}

async function isWhole(path: string, { bytes, sha256 }: SignedFile): Promise<boolean> {
  const file = await openNamedFile(path);
  if (typeof file === 'string') return false;
  const hash = createHash('sha256');
  let length = 0;
  try {
    for await (const chunk of chunksOf(file, bytes + 1)) {
      hash.update(chunk);
      length += chunk.length;
    }
  } catch (error) {
    // No matter what is wrong with the file, another one takes its place.
    fileFaultOf(error);
    return false;
  } finally {
    await file.close();
  }
  return length === bytes && hash.digest('hex') === sha256;
}

/** Whether a file has these bytes and no others. */
export async function isWholeText(path: string, expected: Buffer): Promise<boolean> {
  const bytes = await readPlainFile(path, expected.length);
  return typeof bytes !== 'string' && bytes.equals(expected);
}
