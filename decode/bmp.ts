import { isTooLarge } from './frame.ts';
import { BITMAP_PIXELS_MAX } from './limits.ts';
import type { ImageFailure } from './picture.ts';

/** Of a bitmap, four bytes a pixel: red, green, blue, alpha. */
interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

const HEADER_BYTES = 26;
/** A header of OS/2 has sizes of two bytes each. */
const OS2_HEADER_SIZE = 12;

/** libvips reads no BMP. Skia, which browsers show them with, reads all kinds: palettes, RLE, 16 to 32 bits, either way up. */
export async function rgbaOfBmp(bytes: Uint8Array): Promise<Bitmap | ImageFailure> {
  if (bytes.length < HEADER_BYTES) return 'image-corrupt';
  const { width, height } = sizeOf(bytes);
  if (width === 0 || height === 0) return 'image-corrupt';
  if (width * height > BITMAP_PIXELS_MAX || isTooLarge(width, height)) return 'image-too-large';
  // Loaded with the first bitmap, since it takes 0.2 s that no other image needs.
  const { createCanvas, loadImage } = await import('@napi-rs/canvas');
  const image = await loadImage(Buffer.from(bytes)).catch(() => null);
  if (image === null || image.width !== width || image.height !== height) return 'image-corrupt';
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0);
  return { width, height, rgba: canvas.data() };
}

/** Before anything is decoded: four bytes each, the height negative where the rows begin at the top. */
function sizeOf(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(14, true) === OS2_HEADER_SIZE) {
    return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  }
  return { width: Math.max(0, view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}
