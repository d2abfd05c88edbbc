import sharp, { type Metadata, type Sharp } from 'sharp';
import { CONVERTED_PIXELS_MAX, IMAGE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_PX_MAX } from './limits.ts';
import type { GreyImage } from './symbol-reader.ts';

export type ImageFailure = 'image-too-large' | 'image-unsupported' | 'image-corrupt';

/** Pixels of a rectangle. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A picture whose size is known and whose pixels are made when they are asked for: of most faces a part is enough. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  grey(region: Region): Promise<GreyImage | ImageFailure>;
}

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

/** Where grey is a channel or a sum of channels. */
const PLAIN_SPACES: readonly string[] = ['b-w', 'grey16', 'srgb', 'rgb16'];

/** The first page of a PNG, JPEG or TIFF, or why it is none. What the file is called does not count. */
export async function openPicture(bytes: Uint8Array): Promise<Picture | ImageFailure> {
  if (bytes.length > IMAGE_BYTES_MAX) return 'image-too-large';
  if (!SIGNATURES.some((signature) => signature.every((byte, index) => bytes[index] === byte))) {
    return 'image-unsupported';
  }
  const open = () => sharp(bytes, { limitInputPixels: IMAGE_PIXELS_MAX, failOn: 'error', page: 0 });
  const metadata = await orFailure(open().metadata());
  if (typeof metadata === 'string') return metadata;
  const { width, height } = metadata;
  const pixelsMax = PLAIN_SPACES.includes(metadata.space) ? IMAGE_PIXELS_MAX : CONVERTED_PIXELS_MAX;
  if (width * height > pixelsMax || isTooLarge(width, height)) return 'image-too-large';
  return {
    width,
    height,
    async grey(region) {
      const isWhole = region.width === width && region.height === height;
      const part = isWhole ? open() : open().extract(region);
      const made = await orFailure(
        greyOf(part, metadata).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }),
      );
      if (typeof made === 'string') return made;
      return { width: made.info.width, height: made.info.height, pixels: made.data };
    },
  };
}

/** A raw frame of a camera: 8-bit grey, row by row, nothing else. */
export function openFrame(bytes: Uint8Array, width: number, height: number): Picture | ImageFailure {
  if (isTooLarge(width, height)) return 'image-too-large';
  if (bytes.length !== width * height) return 'image-corrupt';
  const whole: GreyImage = { width, height, pixels: bytes };
  return {
    width,
    height,
    async grey(region) {
      const isWhole = region.width === width && region.height === height;
      return isWhole ? whole : cutOut(whole, region);
    },
  };
}

function isTooLarge(width: number, height: number): boolean {
  return width * height > IMAGE_PIXELS_MAX || Math.max(width, height) > IMAGE_SIDE_PX_MAX;
}

/** libvips reports pixels beyond the limit and damaged data alike, by throwing with a message. */
async function orFailure<Result>(work: Promise<Result>): Promise<Result | ImageFailure> {
  try {
    return await work;
  } catch (error) {
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
export function cutOut(image: GreyImage, { left, top, width, height }: Region): GreyImage {
  const pixels = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (top + row) * image.width + left;
    pixels.set(image.pixels.subarray(start, start + width), row * width);
  }
  return { width, height, pixels };
}

/** Half as wide and high; each pixel is the mean of four. */
export function halved({ width, height, pixels }: GreyImage): GreyImage {
  const [halfWidth, halfHeight] = [width >> 1, height >> 1];
  const half = new Uint8Array(halfWidth * halfHeight);
  for (let row = 0; row < halfHeight; row++) {
    for (let column = 0, at = 2 * row * width; column < halfWidth; column++, at += 2) {
      const upper = (pixels[at] ?? 0) + (pixels[at + 1] ?? 0);
      const lower = (pixels[at + width] ?? 0) + (pixels[at + width + 1] ?? 0);
      half[row * halfWidth + column] = (upper + lower + 2) >> 2;
    }
  }
  return { width: halfWidth, height: halfHeight, pixels: half };
}

/** Twice as wide and high, with the pixels between mixed of their neighbors. */
export function doubled({ width, height, pixels }: GreyImage): GreyImage {
  const large = new Uint8Array(4 * width * height);
  for (let row = 0; row < 2 * height; row++) {
    const upper = row >> 1;
    const lower = Math.min(height - 1, upper + (row & 1));
    for (let column = 0; column < 2 * width; column++) {
      const left = column >> 1;
      const right = Math.min(width - 1, left + (column & 1));
      const sum =
        (pixels[upper * width + left] ?? 0) +
        (pixels[upper * width + right] ?? 0) +
        (pixels[lower * width + left] ?? 0) +
        (pixels[lower * width + right] ?? 0);
      large[row * 2 * width + column] = (sum + 2) >> 2;
    }
  }
  return { width: 2 * width, height: 2 * height, pixels: large };
}
