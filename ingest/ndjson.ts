import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Scan } from '../indicium/index.ts';
import { BatchBuilder } from './batches.ts';
import { GUARD_BYTES, LINE_BYTES_MAX, READ_BYTES } from './limits.ts';
import { type Line, readLines } from './lines.ts';
import { malformedScan, parseScanLine } from './scan-line.ts';
import type { ScanBatch, ScanSource, SourcePosition } from './source.ts';

/** How far a file was read: bytes, lines, and a digest of the bytes just before, to notice another file in its place. */
const Position = Compile(
  Type.Object({
    offset: Type.Integer({ minimum: 0 }),
    line: Type.Integer({ minimum: 0 }),
    guard: Type.String(),
  }),
);

/** A file with one scan a line. Paths of images are relative to it. */
export async function ndjsonFile(path: string): Promise<ScanSource> {
  const resolved = await realpath(path);
  return {
    name: `ndjson:${resolved}`,
    async *batches(from) {
      const start = await startOf(resolved, from);
      const stream = createReadStream(resolved, { start: start.offset, highWaterMark: READ_BYTES });
      for await (const { scans, offset, line, unfinished } of batchLines(
        stream,
        start,
        resolved,
        dirname(resolved),
        true,
      )) {
        const position = JSON.stringify({ offset, line, guard: await guardOf(resolved, offset) });
        yield batchOf(scans, position, unfinished);
      }
    },
  };
}

/** Scans from standard input, which cannot be read twice: a restart sends them again. */
export function ndjsonStream(stream: Readable, imageFolder: string): ScanSource {
  return {
    name: 'stdin',
    async *batches() {
      for await (const { scans } of batchLines(stream, { offset: 0, line: 0 }, 'stdin', imageFolder, false)) {
        yield batchOf(scans, null, null);
      }
    },
  };
}

function batchOf(scans: readonly Scan[], position: SourcePosition, unfinished: string | null): ScanBatch {
  return { scans, position, unfinished, acknowledge: async () => {} };
}

interface LineBatch {
  readonly scans: readonly Scan[];
  readonly offset: number;
  readonly line: number;
  readonly unfinished: string | null;
}

async function* batchLines(
  stream: Readable,
  start: { offset: number; line: number },
  label: string,
  imageFolder: string,
  mayGrow: boolean,
): AsyncGenerator<LineBatch> {
  const builder = new BatchBuilder();
  let line = start.line;
  let offset = start.offset;
  let unfinished: string | null = null;
  for await (const next of readLines(stream)) {
    if (mayGrow && !next.isTerminated && !isWhole(next)) {
      unfinished = `${label}:${line + 1}: the last line has no end yet; it is read once it has`;
      break;
    }
    line += 1;
    offset = start.offset + next.endOffset;
    const scan = scanOf(next, label, line, imageFolder);
    if (scan !== null && builder.add(scan)) yield { scans: builder.take(), offset, line, unfinished };
  }
  if (!builder.isEmpty || unfinished !== null) yield { scans: builder.take(), offset, line, unfinished };
}

/** Null for an empty line, which is none. A line without usable scan id is named by its place and its bytes. */
function scanOf({ text, skippedDigest }: Line, label: string, line: number, imageFolder: string): Scan | null {
  const place = `${label.slice(-PLACE_CHARS_MAX)}:${line}`;
  if (text === null) {
    return malformedScan(place, `longer than ${LINE_BYTES_MAX} bytes`, skippedDigest ?? '');
  }
  return text.trim() === '' ? null : parseScanLine(text, { fallbackId: place, imageFolder });
}

/** Leaves room for a line number within the length of a scan id. */
const PLACE_CHARS_MAX = 200;

function isWhole({ text }: Line): boolean {
  if (text === null) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function startOf(path: string, from: SourcePosition): Promise<{ offset: number; line: number }> {
  const beginning = { offset: 0, line: 0 };
  if (from === null) return beginning;
  const position: unknown = JSON.parse(from);
  if (!Position.Check(position)) throw new TypeError(`${path}: a position that this source never wrote: ${from}`);
  const guard = await guardOf(path, position.offset);
  return guard === position.guard ? position : beginning;
}

/** Digest of the bytes before the offset; of fewer when the file is shorter now, which then gives another digest. */
async function guardOf(path: string, offset: number): Promise<string> {
  const length = Math.min(GUARD_BYTES, offset);
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset - length);
    return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 32);
  } finally {
    await file.close();
  }
}
