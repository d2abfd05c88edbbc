import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import factory, { type JPEGDecoder } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import { plainJpegHeader } from './jpeg-header.ts';
import { SMALL_JPEG_PIXELS_MAX } from './limits.ts';
import type { GreyImage } from './symbol-reader.ts';

/** A JPEG that was decoded here. */
interface SmallJpeg {
  /** Grey, or the green of a color picture. */
  readonly grey: GreyImage;
  readonly isColor: boolean;
}

/** Of three components a pixel. */
const GREEN = 1;

let decoder: Promise<JPEGDecoder> | undefined;

/**
 * The pixels of a plain JPEG of the size of a crop, by libjpeg-turbo in WebAssembly; null for every other, which libvips then
 * tells what it is. It needs a third of the time of libvips, whose pipeline costs more than so few pixels; on a face it is slower, since
 * WebAssembly has no vectors for it.
 */
export async function smallJpeg(bytes: Uint8Array): Promise<SmallJpeg | null> {
  const header = plainJpegHeader(bytes);
  if (header === null || header.width * header.height > SMALL_JPEG_PIXELS_MAX) return null;
  decoder ??= newDecoder();
  const pixels = decoded(await decoder, bytes);
  const { width, height, isColor } = header;
  const components = isColor ? 3 : 1;
  if (pixels === null || pixels.length !== width * height * components) {
    // What failed within may be left in any state.
    decoder = undefined;
    return null;
  }
  return { grey: { width, height, pixels: isColor ? channelOf(pixels, GREEN) : pixels }, isColor };
}

async function newDecoder(): Promise<JPEGDecoder> {
  const wasmBinary = readFileSync(
    fileURLToPath(import.meta.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm')),
  );
  const turbo = await factory({ print: () => {}, printErr: () => {}, wasmBinary });
  return new turbo.JPEGDecoder();
}

/** A copy, since the memory of the decoder is used again. */
function decoded(turbo: JPEGDecoder, bytes: Uint8Array): Uint8Array | null {
  try {
    turbo.getEncodedBuffer(bytes.length).set(bytes);
    turbo.decode();
    return new Uint8Array(turbo.getDecodedBuffer());
  } catch {
    return null;
  }
}

function channelOf(pixels: Uint8Array, channel: number): Uint8Array {
  const one = new Uint8Array(pixels.length / 3);
  for (let at = 0; at < one.length; at++) one[at] = pixels[3 * at + channel] ?? 0;
  return one;
}
