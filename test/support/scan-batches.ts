import { readFile } from 'node:fs/promises';
import type { Scan } from '../../indicium/index.ts';
import { parseScanLines } from '../../scans/index.ts';
import { ScanLinesBuilder } from '../../scans/scan-lines.ts';

/** The scans of a file, in batches of a size. */
export async function scanBatchesOf(path: string, batchScans: number): Promise<Scan[][]> {
  const lines = (await readFile(path)).toString().trimEnd().split('\n');
  const builder = new ScanLinesBuilder(path, { imageFolder: '.' });
  for (const line of lines)
    builder.add({ bytes: Buffer.from(line), skippedDigest: null, endOffset: 0, isTerminated: true });
  const scans = [...parseScanLines(builder.take(lines.length))];
  return Array.from({ length: Math.ceil(scans.length / batchScans) }, (_, index) => {
    return scans.slice(index * batchScans, (index + 1) * batchScans);
  });
}
