import type { FileHandle } from 'node:fs/promises';
import { openPlainly } from '../plain-file.ts';
import { JPEG_PADDING_BYTES_MAX, TIFF_ENTRIES_MAX, TIFF_STRIPS_MAX } from './limits.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PNG_END = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const JPEG_END = Buffer.from([0xff, 0xd9]);
const TIFF_LITTLE = Buffer.from([0x49, 0x49, 0x2a, 0x00]);
const TIFF_BIG = Buffer.from([0x4d, 0x4d, 0x00, 0x2a]);

/**
 * Whether a file has the end that an image of its kind must have. It says nothing of what is between: only that a
 * program that writes from front to back has come to the end. False for what is not a PNG, JPEG or TIFF, or cannot be
 * opened.
 */
export async function hasImageEnd(path: string | Buffer): Promise<boolean> {
  const file = await openPlainly(path);
  if (file === null) return false;
  try {
    const { size } = await file.stat();
    const head = await bytesAt(file, 0, PNG.length);
    if (head.equals(PNG)) return (await bytesAt(file, size - PNG_END.length, PNG_END.length)).equals(PNG_END);
    if (startsWith(head, JPEG)) return await endsAsJpeg(file, size);
    if (startsWith(head, TIFF_LITTLE) || startsWith(head, TIFF_BIG)) return await holdsTiffStrips(file, size, head);
    return false;
  } finally {
    await file.close();
  }
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start);
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

async function endsAsJpeg(file: FileHandle, size: number): Promise<boolean> {
  const length = Math.min(size, JPEG_PADDING_BYTES_MAX);
  const tail = await bytesAt(file, size - length, length);
  let end = tail.length;
  while (end > 0 && tail[end - 1] === 0) end -= 1;
  return tail.subarray(Math.max(0, end - JPEG_END.length), end).equals(JPEG_END);
}

const TAGS = { stripOffsets: 273, stripBytes: 279, tileOffsets: 324, tileBytes: 325 } as const;
const ENTRY_BYTES = 12;
const NEXT_DIRECTORY_BYTES = 4;
/** By type of field: BYTE, ASCII, SHORT, LONG, RATIONAL, their signed kin, FLOAT and DOUBLE. */
const TYPE_BYTES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** TIFF 6.0, section 2: the first directory, its values and all that the picture is made of lie within the file. */
async function holdsTiffStrips(file: FileHandle, size: number, head: Buffer): Promise<boolean> {
  if (head.length < 8) return false;
  const isLittle = head[0] === TIFF_LITTLE[0];
  const number = (bytes: Buffer, at: number, length: number) =>
    isLittle ? bytes.readUIntLE(at, length) : bytes.readUIntBE(at, length);
  const directory = number(head, 4, 4);
  const counted = await bytesAt(file, directory, 2);
  const entries = directory === 0 || counted.length < 2 ? 0 : Math.min(number(counted, 0, 2), TIFF_ENTRIES_MAX);
  const table = await bytesAt(file, directory + 2, entries * ENTRY_BYTES + NEXT_DIRECTORY_BYTES);
  if (entries === 0 || table.length < entries * ENTRY_BYTES + NEXT_DIRECTORY_BYTES) return false;

  const pieces = new Map<number, number[]>();
  for (let at = 0; at < entries * ENTRY_BYTES; at += ENTRY_BYTES) {
    const bytesEach = TYPE_BYTES[number(table, at + 2, 2)] ?? 0;
    const count = number(table, at + 4, 4);
    const isInside = count * bytesEach <= 4;
    if (!isInside && number(table, at + 8, 4) + count * bytesEach > size) return false;
    const tag = number(table, at, 2);
    // TIFF has a tag once; a thousand of 100,000 values each took 5 s.
    const isWanted = Object.values(TAGS).some((known) => known === tag) && !pieces.has(tag);
    if (bytesEach === 0 || bytesEach > 4 || !isWanted) continue;
    const read = Math.min(count, TIFF_STRIPS_MAX) * bytesEach;
    const values = isInside ? table.subarray(at + 8, at + 12) : await bytesAt(file, number(table, at + 8, 4), read);
    pieces.set(
      tag,
      Array.from({ length: read / bytesEach }, (_, index) => number(values, index * bytesEach, bytesEach)),
    );
  }
  const offsets = pieces.get(TAGS.stripOffsets) ?? pieces.get(TAGS.tileOffsets) ?? [];
  const lengths = pieces.get(TAGS.stripBytes) ?? pieces.get(TAGS.tileBytes) ?? [];
  const isWithin = (offset: number, index: number) => offset + (lengths[index] ?? Number.POSITIVE_INFINITY) <= size;
  return offsets.length > 0 && offsets.every(isWithin);
}
