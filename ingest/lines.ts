import type { Readable } from 'node:stream';
import { LINE_BYTES_MAX } from './limits.ts';

export interface Line {
  /** Null for a line longer than LINE_BYTES_MAX, whose bytes were skipped. */
  readonly text: string | null;
  /** Offset in bytes of what follows the line, counted from where the stream began. */
  readonly endOffset: number;
}

const NEWLINE = 0x0a;

/** Splits a byte stream into lines, in memory that a line without an end cannot exhaust. */
export async function* readLines(stream: Readable): AsyncGenerator<Line> {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let offset = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('lines are read from a stream of bytes');
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      kept.push(chunk.subarray(start, end));
      keptBytes += end - start;
      yield { text: textOf(kept, keptBytes), endOffset: offset + end + 1 };
      kept = [];
      keptBytes = 0;
      start = end + 1;
    }
    keptBytes += chunk.length - start;
    if (keptBytes <= LINE_BYTES_MAX) kept.push(chunk.subarray(start));
    else kept = [];
    offset += chunk.length;
  }
  if (keptBytes > 0) yield { text: textOf(kept, keptBytes), endOffset: offset };
}

function textOf(parts: readonly Buffer[], bytes: number): string | null {
  if (bytes > LINE_BYTES_MAX) return null;
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only.toString('utf8') : Buffer.concat(parts).toString('utf8');
}
