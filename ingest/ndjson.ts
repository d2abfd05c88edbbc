import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { GUARD_BYTES, READ_BYTES } from './limits.ts';
import { type Line, readLines } from './lines.ts';
import { openSourceFile } from './plain-file.ts';
import { type ScanLines, ScanLinesBuilder, textOf } from './scan-lines.ts';
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
      const file = await openSourceFile(resolved);
      const stream = file.createReadStream({ start: start.offset, highWaterMark: READ_BYTES });
      const builder = new ScanLinesBuilder(resolved, { imageFolder: dirname(resolved) });
      for await (const { scans, offset, line, unfinished } of lineBatches(stream, start, builder, true)) {
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
      const builder = new ScanLinesBuilder('stdin', { imageFolder });
      for await (const { scans } of lineBatches(stream, { offset: 0, line: 0 }, builder, false)) {
        yield batchOf(scans, null, null);
      }
    },
  };
}

function batchOf(scans: ScanLines, position: SourcePosition, unfinished: string | null): ScanBatch {
  return { scans, position, unfinished, acknowledge: async () => {} };
}

interface LineBatch {
  readonly scans: ScanLines;
  readonly offset: number;
  readonly line: number;
  readonly unfinished: string | null;
}

async function* lineBatches(
  stream: Readable,
  start: { offset: number; line: number },
  builder: ScanLinesBuilder,
  mayGrow: boolean,
): AsyncGenerator<LineBatch> {
  let { line, offset } = start;
  for await (const lines of readLines(stream)) {
    for (const next of lines) {
      if (mayGrow && !next.isTerminated && !isWhole(next)) {
        const unfinished = `${builder.label}:${line + 1}: the last line has no end yet; it is read once it has`;
        yield { scans: builder.take(line), offset, line, unfinished };
        return;
      }
      line += 1;
      offset = start.offset + next.endOffset;
      if (builder.add(next)) yield { scans: builder.take(line), offset, line, unfinished: null };
    }
  }
  if (!builder.isEmpty) yield { scans: builder.take(line), offset, line, unfinished: null };
}

function isWhole({ bytes }: Line): boolean {
  if (bytes === null) return false;
  try {
    JSON.parse(textOf(bytes, 0, bytes.length));
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
  const file = await openSourceFile(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset - length);
    return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 32);
  } finally {
    await file.close();
  }
}
