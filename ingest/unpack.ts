import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { READ_BYTES } from './limits.ts';

const UNPACKERS = { gzip: createGunzip, zstd: createZstdDecompress } as const;
type Packing = keyof typeof UNPACKERS;

/** What was packed, as far as it goes. `onDamaged` is told where it is damaged or has no end. */
export async function* unpacked(
  stream: Readable,
  by: Packing,
  onDamaged: (problem: string) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const unpacker = UNPACKERS[by]({ chunkSize: READ_BYTES });
  // What goes wrong is told where its bytes are read, below.
  pipeline(stream, unpacker, () => {});
  try {
    for await (const chunk of unpacker) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('a decompressor gives bytes');
      yield chunk;
    }
  } catch (error) {
    if (!isOfCompression(error)) throw error;
    onDamaged(`the ${by} data is damaged or has no end (${error.message})`);
  }
}

function isOfCompression(error: unknown): error is Error {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return /^(Z|ZSTD)_/.test(String(error.code)) || error.code === 'ERR_ZSTD_INVALID_PARAM';
}
