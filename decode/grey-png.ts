import { crc32, inflateSync } from 'node:zlib';
import { imageTypeOf } from '../indicium/index.ts';
import { isTooLarge } from './frame.ts';
import { GREY_PNG_PIXELS_MAX } from './limits.ts';
import type { GreyImage } from './symbol-reader.ts';

/** Chunks that say nothing about pixels (PNG, third edition, 11.3): size in meters, text, time. */
const SILENT = new Set(['pHYs', 'tEXt', 'tIME']);
const SIGNATURE_BYTES = 8;
/** Length, type and CRC around the data of a chunk. */
const CHUNK_BYTES = 12;
const HEADER_BYTES = 13;

interface Header {
  readonly width: number;
  readonly height: number;
}

/**
 * The pixels of a PNG as cameras of sorting machines write it: 8 bits of grey, not interlaced, without anything that changes how
 * they look, whole and with all its checksums right. Null for every other: libvips then says what it is. It needs a quarter of
 * the time of libvips, which starts a pipeline of operators for each file.
 */
export function greyOfPng(bytes: Uint8Array): GreyImage | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (imageTypeOf(file) !== 'image/png') return null;
  const parts: Buffer[] = [];
  let header: Header | null = null;
  for (let at = SIGNATURE_BYTES; at + CHUNK_BYTES <= file.length; ) {
    const length = file.readUInt32BE(at);
    const end = at + CHUNK_BYTES + length;
    if (end > file.length) return null;
    const type = file.toString('latin1', at + 4, at + 8);
    const data = file.subarray(at + 8, end - 4);
    if (crc32(file.subarray(at + 4, end - 4)) !== file.readUInt32BE(end - 4)) return null;
    if (header === null) {
      header = type === 'IHDR' ? headerOf(data) : null;
      if (header === null) return null;
    } else if (type === 'IDAT') parts.push(data);
    else if (type === 'IEND') return end === file.length ? unfiltered(header, parts) : null;
    // Data that is not in one piece is against 5.6, and is not mended here.
    else if (!SILENT.has(type) || parts.length > 0) return null;
    at = end;
  }
  return null;
}

/** 11.2.1. */
function headerOf(data: Buffer): Header | null {
  if (data.length !== HEADER_BYTES) return null;
  const [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [depth, color, compression, filter, interlace] = data.subarray(8);
  const isPlain = depth === 8 && color === 0 && compression === 0 && filter === 0 && interlace === 0;
  const isInBounds = width > 0 && height > 0 && !isTooLarge(width, height) && width * height <= GREY_PNG_PIXELS_MAX;
  return isPlain && isInBounds ? { width, height } : null;
}

function unfiltered({ width, height }: Header, parts: readonly Buffer[]): GreyImage | null {
  const bytes = (width + 1) * height;
  const [only] = parts;
  const rows = inflated(parts.length === 1 && only !== undefined ? only : Buffer.concat(parts), bytes);
  if (rows?.length !== bytes) return null;
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (width + 1)] ?? 0;
    if (filter > 4) return null;
    unfilterRow(filter, rows, y * (width + 1) + 1, y * width, width);
  }
  return { width, height, pixels: new Uint8Array(rows.buffer, rows.byteOffset, width * height) };
}

/** Less is refused. */
const CHUNK_SIZE_MIN = 64;

/** Null where it is damaged, or longer than it may be. */
function inflated(data: Buffer, bytesMax: number): Buffer | null {
  try {
    // In one piece: pieces of 16 KB, as zlib makes them, are copied together.
    return inflateSync(data, { maxOutputLength: bytesMax, chunkSize: Math.max(bytesMax, CHUNK_SIZE_MIN) });
  } catch {
    return null;
  }
}

/**
 * One row, by the filter that it names (9.2): each of its bytes is told from the ones to the left, above, and above left. In place:
 * pixels lie before what they are made of, by a byte for each row so far.
 */
function unfilterRow(filter: number, rows: Uint8Array, from: number, to: number, width: number): void {
  if (filter === 0) {
    rows.copyWithin(to, from, from + width);
    return;
  }
  const isFirst = to === 0;
  let left = 0;
  let upperLeft = 0;
  for (let x = 0; x < width; x++) {
    const up = isFirst ? 0 : (rows[to - width + x] ?? 0);
    const predicted =
      filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, upperLeft);
    left = ((rows[from + x] ?? 0) + predicted) & 0xff;
    upperLeft = up;
    rows[to + x] = left;
  }
}

/** 9.4. */
function paeth(left: number, up: number, upperLeft: number): number {
  const [byLeft, byUp, byUpperLeft] = [
    Math.abs(up - upperLeft),
    Math.abs(left - upperLeft),
    Math.abs(left + up - 2 * upperLeft),
  ];
  if (byLeft <= byUp && byLeft <= byUpperLeft) return left;
  return byUp <= byUpperLeft ? up : upperLeft;
}
