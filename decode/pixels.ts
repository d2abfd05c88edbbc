import sharp, { type Metadata, type Sharp, type SharpInput, type SharpOptions } from 'sharp';
import { imageTypeOf } from '../indicium/index.ts';
import { rgbaOfBmp } from './bmp.ts';
import { isTooLarge, pictureOfGrey } from './frame.ts';
import { greyOfPng } from './grey-png.ts';
import {
  CONVERTED_PIXELS_MAX,
  IMAGE_BYTES_MAX,
  IMAGE_FRAMES_MAX,
  IMAGE_PAGES_MAX,
  IMAGE_PIXELS_MAX,
} from './limits.ts';
import type { Channel, ImageFailure, Pages, Picture } from './picture.ts';
import { smallJpeg } from './small-jpeg.ts';
import type { GreyImage } from './symbol-reader.ts';

// Only what plants send; SVG, PDF and the rest have loaders that read other files or run for minutes.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadTiffBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadNsgifBuffer',
  ],
});
// Each worker decodes one image at a time: more threads inside only fight each other on the same cores.
sharp.concurrency(1);
sharp.cache(false);

/** Where grey is a channel or a sum of channels. */
const PLAIN_SPACES: readonly string[] = ['b-w', 'grey16', 'srgb', 'rgb16'];

/**
 * The pages of a PNG, JPEG, TIFF, WebP, GIF or BMP file, or the reason why it cannot be opened. The file name is ignored.
 */
export async function openPages(bytes: Uint8Array): Promise<Pages | ImageFailure> {
  if (bytes.length > IMAGE_BYTES_MAX) return 'image-too-large';
  const type = imageTypeOf(bytes);
  if (type === null) return 'image-unsupported';
  if (type === 'image/bmp') {
    const bitmap = await rgbaOfBmp(bytes);
    if (typeof bitmap === 'string') return bitmap;
    const { width, height, rgba } = bitmap;
    const page = await pictureOf(rgba, { raw: { width, height, channels: 4 } });
    return { pages: [page], total: 1 };
  }
  const grey = greyOfPng(bytes);
  if (grey !== null) return { pages: [pictureOfGrey(grey)], total: 1 };
  const small = type === 'image/jpeg' ? await smallJpeg(bytes) : null;
  if (small !== null) return { pages: [pictureOfJpeg(small.grey, small.isColor, bytes)], total: 1 };
  const metadata = await orFailure(opened(bytes, { page: 0 }).metadata());
  if (typeof metadata === 'string') return metadata;
  const total = metadata.pages ?? 1;
  if (type !== 'image/tiff' && total > IMAGE_FRAMES_MAX) return 'image-too-large';
  const others = Array.from({ length: Math.min(total, IMAGE_PAGES_MAX) - 1 }, (_, index) =>
    pictureOf(bytes, { page: index + 1 }),
  );
  return { pages: [pictureBy(metadata, bytes, { page: 0 }), ...(await Promise.all(others))], total };
}

function opened(input: SharpInput, options: SharpOptions): Sharp {
  return sharp(input, { limitInputPixels: IMAGE_PIXELS_MAX, failOn: 'error', ...options });
}

/** The other channels of a color picture are libvips': they are asked for where the usual one gave nothing. */
function pictureOfJpeg(grey: GreyImage, isColor: boolean, bytes: Uint8Array): Picture {
  const picture = pictureOfGrey(grey);
  if (!isColor) return picture;
  let byLibvips: Promise<Picture | ImageFailure> | undefined;
  const whole = () => {
    byLibvips ??= pictureOf(bytes, {});
    return byLibvips;
  };
  return {
    ...picture,
    async grey(region, channel = 'usual') {
      if (channel === 'usual') return picture.grey(region);
      const other = await whole();
      return typeof other === 'string' ? other : other.grey(region, channel);
    },
    async hasColor() {
      const other = await whole();
      return typeof other !== 'string' && other.hasColor();
    },
  };
}

async function pictureOf(input: SharpInput, options: SharpOptions): Promise<Picture | ImageFailure> {
  const metadata = await orFailure(opened(input, options).metadata());
  return typeof metadata === 'string' ? metadata : pictureBy(metadata, input, options);
}

function pictureBy(metadata: Metadata, input: SharpInput, options: SharpOptions): Picture | ImageFailure {
  const open = () => opened(input, options);
  const { width, height } = metadata;
  const pixelsMax = PLAIN_SPACES.includes(metadata.space) ? IMAGE_PIXELS_MAX : CONVERTED_PIXELS_MAX;
  if (width * height > pixelsMax || isTooLarge(width, height)) return 'image-too-large';
  return {
    width,
    height,
    async grey(region, channel = 'usual') {
      const isWhole = region.width === width && region.height === height;
      const part = isWhole ? open() : open().extract(region);
      const made = await orFailure(
        greyOf(part, metadata, channel).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }),
      );
      if (typeof made === 'string') return made;
      return { width: made.info.width, height: made.info.height, pixels: made.data };
    },
    hasColor: () => (metadata.channels < 3 ? Promise.resolve(false) : hasColor(open())),
  };
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
function greyOf(image: Sharp, metadata: Metadata, channel: Channel): Sharp {
  const opaque = metadata.hasAlpha ? image.flatten({ background: '#ffffff' }) : image;
  if (channel !== 'usual') return opaque.toColourspace('srgb').extractChannel(channel);
  const isPlainColor = metadata.space === 'srgb' && metadata.depth === 'uchar' && metadata.channels === 3;
  return isPlainColor ? opaque.extractChannel('green') : opaque.toColourspace('b-w');
}

/** Pixels of a side that a picture is shrunk to: a mark of a tenth of a face has 12 of them. */
const COLOR_SIDE_PX = 128;
/** Between two channels; what is less is the noise of JPEG or the tint of a lamp. */
const COLOR_DIFFERENCE = 24;

async function hasColor(image: Sharp): Promise<boolean> {
  const small = image
    .flatten({ background: '#ffffff' })
    .resize(COLOR_SIDE_PX, COLOR_SIDE_PX, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb');
  const made = await orFailure(small.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  if (typeof made === 'string' || made.info.channels < 3) return false;
  const { data, info } = made;
  for (let at = 0; at < data.length; at += info.channels) {
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
    if (Math.max(red, green, blue) - Math.min(red, green, blue) >= COLOR_DIFFERENCE) return true;
  }
  return false;
}
