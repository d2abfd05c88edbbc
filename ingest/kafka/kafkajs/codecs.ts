import { promisify } from 'node:util';
import { gzip, unzip, zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappy';
import type { Compression } from '../connection.ts';
import { DECOMPRESSED_BYTES_MAX } from '../limits.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** kafkajs brings gzip alone, without a bound, and takes codecs for the others. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/** A few kB of compressed zeros become gigabytes: what is beyond fails as a message that is broken would. */
const bounded = { maxOutputLength: DECOMPRESSED_BYTES_MAX };

const CODECS: Readonly<Record<number, Codec>> = {
  [CompressionTypes.GZIP]: {
    compress: async ({ buffer }) => promisify(gzip)(buffer),
    decompress: async (buffer) => promisify(unzip)(buffer, bounded),
  },
  [CompressionTypes.Snappy]: { compress: async ({ buffer }) => compressSnappy(buffer), decompress: uncompressXerial },
  [CompressionTypes.LZ4]: {
    compress: async ({ buffer }) => compressFrame(buffer),
    decompress: (buffer) => decompressFrame(buffer),
  },
  [CompressionTypes.ZSTD]: {
    compress: async ({ buffer }) => promisify(zstdCompress)(buffer),
    decompress: async (buffer) => promisify(zstdDecompress)(buffer, bounded),
  },
};

for (const [type, codec] of Object.entries(CODECS)) Object.assign(CompressionCodecs, { [type]: () => codec });

export const COMPRESSION_TYPES: Readonly<Record<Compression, kafkajs.CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, version, and oldest version that can read it; then blocks, each with its length before it. */
const XERIAL_HEADER_BYTES = 16;

/** Java clients write snappy in blocks with a header of their own, others without. */
async function uncompressXerial(buffer: Buffer): Promise<Buffer> {
  if (!buffer.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return uncompressedBlock(buffer);
  const blocks: Buffer[] = [];
  let bytes = 0;
  let at = XERIAL_HEADER_BYTES;
  while (at + 4 <= buffer.length) {
    const end = at + 4 + buffer.readUInt32BE(at);
    const block = await uncompressedBlock(buffer.subarray(at + 4, end));
    bytes += block.length;
    if (bytes > DECOMPRESSED_BYTES_MAX) throw tooLarge(bytes);
    blocks.push(block);
    at = end;
  }
  return Buffer.concat(blocks);
}

/** The length of the contents stands at the beginning of a block, 7 bits a byte. */
async function uncompressedBlock(block: Buffer): Promise<Buffer> {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = block[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  if (length > DECOMPRESSED_BYTES_MAX) throw tooLarge(length);
  return asBuffer(await uncompressSnappy(block));
}

function tooLarge(bytes: number): Error {
  return new Error(`${bytes} bytes in one compressed batch, at most ${DECOMPRESSED_BYTES_MAX}`);
}

function asBuffer(bytes: string | Buffer): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}
