import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type ScanSource, SourceError } from '../scans/index.ts';
import { HEAD_BYTES, kindOf } from './file-kind.ts';
import { imageFolder } from './folder.ts';
import { ndjsonFile, ndjsonStream, recordFile } from './ndjson.ts';
import { openSourceFile } from './plain-file.ts';

/** Where a folder has one of these, it is the source. */
const SCAN_FILES = ['scans.ndjson', 'scans.ndjson.gz', 'scans.ndjson.zst'];

/**
 * Opens what the command line calls a SOURCE: a file of scans (lines of JSON, or what else readRecords takes), `-` for
 * standard input, a folder with a scans.ndjson, or a folder of images.
 *
 * @throws SourceError when there is no such thing, or it is of a kind that is not read.
 */
export async function openSource(spec: string, stdin: Readable): Promise<ScanSource> {
  if (spec === '-') return ndjsonStream(stdin, process.cwd());
  if (!existsSync(spec)) throw new SourceError(`${spec}: no such file or folder`);
  const found = await stat(spec);
  if (found.isFile()) return scanFile(spec);
  if (!found.isDirectory()) throw new SourceError(`${spec}: neither a file nor a folder`);
  const scans = SCAN_FILES.map((name) => join(spec, name)).find(existsSync);
  return scans === undefined ? imageFolder(spec) : scanFile(scans);
}

async function scanFile(path: string): Promise<ScanSource> {
  const found = kindOf(await headOf(path));
  if (found.kind === 'refused') throw new SourceError(`${path}: not JSON; this is ${found.what}`);
  return found.kind === 'lines' ? ndjsonFile(path) : recordFile(path);
}

async function headOf(path: string): Promise<Buffer> {
  const file = await openSourceFile(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
