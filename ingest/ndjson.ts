import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  isBlank,
  type Line,
  lineText,
  readLines,
  type ScanBatch,
  type ScanLines,
  ScanLinesBuilder,
  type ScanSource,
  type SourcePosition,
} from '../scans/index.ts';
import { GUARD_BYTES, READ_BYTES } from './limits.ts';
import { openSourceFile } from './plain-file.ts';
import { readRecords } from './record-lines.ts';

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
      const lines = readLines(file.createReadStream({ start: start.offset, highWaterMark: READ_BYTES }));
      const builder = new ScanLinesBuilder(resolved, { imageFolder: dirname(resolved) });
      for await (const { scans, offset, line, notices } of lineBatches(lines, start, builder, true)) {
        const position = JSON.stringify({ offset, line, guard: await guardOf(resolved, offset) });
        yield batchOf(scans, position, notices);
      }
    },
  };
}

/** A file of scans that is compressed, in UTF-16, or JSON of another form: it is read from its beginning each time. */
export async function recordFile(path: string): Promise<ScanSource> {
  const resolved = await realpath(path);
  return {
    name: `records:${resolved}`,
    async *batches() {
      const file = await openSourceFile(resolved);
      yield* recordBatches(file.createReadStream({ highWaterMark: READ_BYTES }), resolved, dirname(resolved));
    },
  };
}

/** Scans from standard input, which cannot be read twice: a restart sends them again. */
export function ndjsonStream(stream: Readable, imageFolder: string): ScanSource {
  return { name: 'stdin', batches: () => recordBatches(stream, 'stdin', imageFolder) };
}

async function* recordBatches(stream: Readable, label: string, imageFolder: string): AsyncGenerator<ScanBatch> {
  const builder = new ScanLinesBuilder(label, { imageFolder });
  const told: string[] = [];
  const lines = readRecords(stream, label, (sentence) => told.push(`${label}: ${sentence}`));
  for await (const { scans, notices } of lineBatches(lines, BEGINNING, builder, false)) {
    yield batchOf(scans, null, notices);
  }
  if (told.length > 0) yield batchOf(builder.take(0), null, told);
}

function batchOf(scans: ScanLines, position: SourcePosition, notices: readonly string[]): ScanBatch {
  return { scans, position, notices, acknowledge: async () => {} };
}

interface LineBatch {
  readonly scans: ScanLines;
  readonly offset: number;
  readonly line: number;
  readonly notices: readonly string[];
}

interface Place {
  readonly offset: number;
  readonly line: number;
}

const BEGINNING: Place = { offset: 0, line: 0 };

async function* lineBatches(
  batches: AsyncIterable<readonly Line[]>,
  start: Place,
  builder: ScanLinesBuilder,
  mayGrow: boolean,
): AsyncGenerator<LineBatch> {
  let { line, offset } = start;
  let isNothing = offset === 0;
  for await (const lines of batches) {
    for (const next of lines) {
      isNothing &&= next.bytes !== null && isBlank(next.bytes);
      if (mayGrow && !next.isTerminated && !isWhole(next)) {
        const notice = `${builder.label}:${line + 1}: the last line has no end yet; it is read once it has`;
        yield { scans: builder.take(line), offset, line, notices: [notice] };
        return;
      }
      line += 1;
      offset = start.offset + next.endOffset;
      if (builder.add(next)) yield { scans: builder.take(line), offset, line, notices: [] };
    }
  }
  if (!builder.isEmpty || isNothing) {
    yield { scans: builder.take(line), offset, line, notices: isNothing ? [`${builder.label}: it holds nothing`] : [] };
  }
}

function isWhole({ bytes }: Line): boolean {
  if (bytes === null) return false;
  try {
    JSON.parse(lineText(bytes, 0, bytes.length));
    return true;
  } catch {
    return false;
  }
}

async function startOf(path: string, from: SourcePosition): Promise<Place> {
  if (from === null) return BEGINNING;
  const position: unknown = JSON.parse(from);
  if (!Position.Check(position)) throw new TypeError(`${path}: a position that this source never wrote: ${from}`);
  const guard = await guardOf(path, position.offset);
  return guard === position.guard ? position : BEGINNING;
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
