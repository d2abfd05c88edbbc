import sharp, { type Metadata, type Sharp } from 'sharp';
import { IMAGE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_PX_MAX } from './limits.ts';
import type { GreyImage } from './symbol-reader.ts';

export type ImageFailure = 'image-too-large' | 'image-unsupported' | 'image-corrupt';

// Only what plants send; SVG, PDF and the rest have loaders that read other files or run for minutes.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadTiffBuffer'],
});
// Each worker decodes one image at a time: more threads inside only fight each other on the same cores.
sharp.concurrency(1);
sharp.cache(false);

const SIGNATURES = [
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], // PNG
  [0xff, 0xd8, 0xff], // JPEG
  [0x49, 0x49, 0x2a, 0x00], // TIFF, little-endian
  [0x4d, 0x4d, 0x00, 0x2a], // TIFF, big-endian
];

/** Decodes the first page of a PNG, JPEG or TIFF to grey, or says why not. What the file is called does not count. */
export async function greyImage(bytes: Uint8Array): Promise<GreyImage | ImageFailure> {
  if (bytes.length > IMAGE_BYTES_MAX) return 'image-too-large';
  if (!SIGNATURES.some((signature) => signature.every((byte, index) => bytes[index] === byte))) {
    return 'image-unsupported';
  }
  try {
    const image = sharp(bytes, { limitInputPixels: IMAGE_PIXELS_MAX, failOn: 'error', page: 0 });
    const metadata = await image.metadata();
    const { width, height } = metadata;
    if (width * height > IMAGE_PIXELS_MAX || Math.max(width, height) > IMAGE_SIDE_PX_MAX) return 'image-too-large';
    const { data, info } = await greyOf(image, metadata).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: data };
  } catch (error) {
    // libvips reports pixels beyond the limit and damaged data alike, by throwing with a message.
    if (!(error instanceof Error)) throw error;
    return error.message.includes('exceeds pixel limit') ? 'image-too-large' : 'image-corrupt';
  }
}

/**
 * The green channel of a color scan: it shows the red inks of many posts as black, and takes half the time of a
 * weighted grey. Everything else (grey, bitonal, 16-bit, CMYK, transparent) goes through libvips' own conversion.
 */
function greyOf(image: Sharp, metadata: Metadata): Sharp {
  if (metadata.hasAlpha) return image.flatten({ background: '#ffffff' }).toColourspace('b-w');
  const isPlainColor = metadata.space === 'srgb' && metadata.depth === 'uchar' && metadata.channels === 3;
  return isPlainColor ? image.extractChannel('green') : image.toColourspace('b-w');
}

/** A rectangle cut out of an image. */
export function cutOut(image: GreyImage, left: number, top: number, width: number, height: number): GreyImage {
  const pixels = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (top + row) * image.width + left;
    pixels.set(image.pixels.subarray(start, start + width), row * width);
  }
  return { width, height, pixels };
}
