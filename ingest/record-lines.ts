import { Readable } from 'node:stream';
import { type Line, readLines, SourceError } from '../scans/index.ts';
import { HEAD_BYTES, kindOf } from './file-kind.ts';
import { PACKED_TIMES_MAX } from './limits.ts';
import { unpacked } from './unpack.ts';
import { utf8OfUtf16 } from './utf16.ts';
import { ValueSplitter } from './values.ts';

/**
 * The records of a stream of bytes as lines, from any form: lines of JSON, arrays, objects over several lines, any of
 * these in UTF-16, or compressed. `onNotice` is told what a person must know of the stream, as the end of a sentence.
 *
 * @throws SourceError when it is of a kind that is not read; the message begins with the label.
 */
export async function* readRecords(
  stream: AsyncIterable<unknown>,
  label: string,
  onNotice: (sentence: string) => void,
  packedTimes = 0,
): AsyncGenerator<Line[]> {
  const { head, all } = await peeked(bytesOf(stream));
  const found = kindOf(head);
  if (found.kind === 'refused') throw new SourceError(`${label}: not JSON; this is ${found.what}`);
  if (found.kind === 'lines') yield* readLines(all);
  else if (found.kind === 'values') yield* readValues(all, onNotice);
  else if (found.kind === 'utf-16') yield* readRecords(utf8OfUtf16(all, found.isLittle), label, onNotice, packedTimes);
  else {
    if (packedTimes === PACKED_TIMES_MAX)
      throw new SourceError(`${label}: compressed more than ${PACKED_TIMES_MAX} times`);
    yield* readRecords(unpacked(Readable.from(all), found.by, onNotice), label, onNotice, packedTimes + 1);
  }
}

async function* readValues(
  chunks: AsyncIterable<Buffer>,
  onNotice: (sentence: string) => void,
): AsyncGenerator<Line[]> {
  const splitter = new ValueSplitter();
  for await (const chunk of chunks) {
    const lines = splitter.add(chunk);
    if (lines.length > 0) yield lines;
  }
  const rest = splitter.end();
  if (splitter.isOpen) onNotice('the JSON array has no end');
  if (rest.length > 0) yield rest;
}

async function* bytesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('records are read from a stream of bytes');
    yield chunk;
  }
}

/** A first line tells enough: a feed may send it and nothing more for hours. */
const ENOUGH = /^[^\n]{16,}\n/;

/** The first bytes, and all bytes with them. */
async function peeked(
  chunks: AsyncGenerator<Buffer, void, undefined>,
): Promise<{ readonly head: Buffer; readonly all: AsyncGenerator<Buffer, void, undefined> }> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < HEAD_BYTES && !ENOUGH.test(first.toString('latin1'))) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    try {
      if (first.length > 0) yield first;
      yield* chunks;
    } finally {
      await chunks.return();
    }
  }
  return { head: first.subarray(0, HEAD_BYTES), all: all() };
}
