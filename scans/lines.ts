import { createHash, type Hash } from 'node:crypto';
import { GatheredBytes } from './gathered-bytes.ts';
import { LINE_BYTES_MAX } from './limits.ts';

export interface Line {
  /** Without the newline. Null for a line that is too long, whose bytes were skipped. */
  readonly bytes: Buffer | null;
  /** SHA-256 of the bytes that were skipped, in hex; null for every other line. */
  readonly skippedDigest: string | null;
  /** Offset in bytes of what follows the line, counted from where the stream began. */
  readonly endOffset: number;
  /** False for a last line without its newline: the writer of the file may not be done with it. */
  readonly isTerminated: boolean;
}

const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);

/**
 * Splits a byte stream into lines, in memory that a line without an end cannot exhaust. The lines that end in one chunk
 * come together, since waiting for each of them would take longer than finding it.
 */
export async function* readLines(
  stream: AsyncIterable<unknown>,
  lineBytesMax = LINE_BYTES_MAX,
): AsyncGenerator<Line[]> {
  let line = new LineBuffer(lineBytesMax);
  let offset = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('lines are read from a stream of bytes');
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = nextNewline(chunk, start)) {
      const endOffset = offset + end + 1;
      // A chunk of nothing but newlines is 64,000 lines.
      if (line.bytes === 0 && end === start) {
        lines.push({ bytes: EMPTY, skippedDigest: null, endOffset, isTerminated: true });
      } else {
        line.add(chunk.subarray(start, end));
        lines.push({ ...line.finish(), endOffset, isTerminated: true });
        line = new LineBuffer(lineBytesMax);
      }
      start = end + 1;
    }
    line.add(chunk.subarray(start));
    offset += chunk.length;
    if (lines.length > 0) yield lines;
  }
  if (line.bytes > 0) yield [{ ...line.finish(), endOffset: offset, isTerminated: false }];
}

/** A search costs 60 ns before it has begun. */
function nextNewline(chunk: Buffer, start: number): number {
  return chunk[start] === NEWLINE ? start : chunk.indexOf(NEWLINE, start);
}

/** The bytes of one line, until they are too many: then only their digest. */
export class LineBuffer {
  bytes = 0;
  readonly #bytesMax: number;
  readonly #parts = new GatheredBytes();
  #skipped: Hash | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(part: Buffer): void {
    this.bytes += part.length;
    if (this.#skipped === undefined && this.bytes <= this.#bytesMax) {
      this.#parts.add(part);
      return;
    }
    this.#skipped ??= createHash('sha256').update(this.#parts.take());
    this.#skipped.update(part);
  }

  finish(): Pick<Line, 'bytes' | 'skippedDigest'> {
    if (this.#skipped !== undefined) return { bytes: null, skippedDigest: this.#skipped.digest('hex') };
    return { bytes: this.#parts.take(), skippedDigest: null };
  }
}
