import type { Region } from './picture.ts';
import type { GreyImage } from './symbol-reader.ts';

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
