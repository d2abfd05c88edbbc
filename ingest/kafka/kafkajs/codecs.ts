import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappy';
import type { Compression } from '../connection.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** kafkajs brings gzip alone and takes codecs for the others. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const CODECS: Readonly<Record<number, Codec>> = {
  [CompressionTypes.Snappy]: { compress: async ({ buffer }) => compressSnappy(buffer), decompress: uncompressXerial },
  [CompressionTypes.LZ4]: {
    compress: async ({ buffer }) => compressFrame(buffer),
    decompress: (buffer) => decompressFrame(buffer),
  },
  [CompressionTypes.ZSTD]: {
    compress: async ({ buffer }) => promisify(zstdCompress)(buffer),
    decompress: async (buffer) => promisify(zstdDecompress)(buffer),
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
  if (!buffer.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return asBuffer(await uncompressSnappy(buffer));
  const blocks: Buffer[] = [];
  let at = XERIAL_HEADER_BYTES;
  while (at + 4 <= buffer.length) {
    const end = at + 4 + buffer.readUInt32BE(at);
    blocks.push(asBuffer(await uncompressSnappy(buffer.subarray(at + 4, end))));
    at = end;
  }
  return Buffer.concat(blocks);
}

function asBuffer(bytes: string | Buffer): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}
