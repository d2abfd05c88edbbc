import { cutOut } from './grey-image.ts';
import { IMAGE_PIXELS_MAX, IMAGE_SIDE_PX_MAX } from './limits.ts';
import type { ImageFailure, Picture } from './picture.ts';
import type { GreyImage } from './symbol-reader.ts';

/** A raw frame of a camera: 8-bit grey, row by row, nothing else. */
export function openFrame(bytes: Uint8Array, width: number, height: number): Picture | ImageFailure {
  if (isTooLarge(width, height)) return 'image-too-large';
  if (bytes.length !== width * height) return 'image-corrupt';
  return pictureOfGrey({ width, height, pixels: bytes });
}

/** Pixels that are there already. */
export function pictureOfGrey(whole: GreyImage): Picture {
  const { width, height } = whole;
  return {
    width,
    height,
    async grey(region) {
      const isWhole = region.width === width && region.height === height;
      return isWhole ? whole : cutOut(whole, region);
    },
    hasColor: async () => false,
  };
}

export function isTooLarge(width: number, height: number): boolean {
  return width * height > IMAGE_PIXELS_MAX || Math.max(width, height) > IMAGE_SIDE_PX_MAX;
}
