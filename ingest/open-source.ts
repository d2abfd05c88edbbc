import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { imageFolder } from './folder.ts';
import { ndjsonFile, ndjsonStream } from './ndjson.ts';
import { openSourceFile } from './plain-file.ts';
import { type ScanSource, SourceError } from './source.ts';

/**
 * Opens what the command line calls a SOURCE: an NDJSON file, `-` for standard input, a folder with a scans.ndjson,
 * or a folder of images.
 *
 * @throws SourceError when there is no such thing.
 */
export async function openSource(spec: string, stdin: Readable): Promise<ScanSource> {
  if (spec === '-') return ndjsonStream(stdin, process.cwd());
  if (!existsSync(spec)) throw new SourceError(`${spec}: no such file or folder`);
  const found = await stat(spec);
  if (found.isFile()) {
    if (await isBinary(spec)) throw new SourceError(`${spec}: not NDJSON; to read one picture use indicia decode`);
    return ndjsonFile(spec);
  }
  if (!found.isDirectory()) throw new SourceError(`${spec}: neither a file nor a folder`);
  const scans = join(spec, 'scans.ndjson');
  return existsSync(scans) ? ndjsonFile(scans) : imageFolder(spec);
}

const SNIFFED_BYTES = 4_096;

/** A picture or database named where scans were meant: no JSON has a zero byte. */
async function isBinary(path: string): Promise<boolean> {
  const file = await openSourceFile(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
    return buffer.subarray(0, bytesRead).includes(0);
  } finally {
    await file.close();
  }
}
