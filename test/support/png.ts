import { crc32 } from 'node:zlib';

export const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Depth, color and the only methods of 8-bit grey, not interlaced (PNG, 11.2.1). */
const PLAIN_GREY = [8, 0, 0, 0, 0];

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

export function pngHeader(width: number, height: number, rest: readonly number[] = PLAIN_GREY): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(rest, 8);
  return pngChunk('IHDR', header);
}
