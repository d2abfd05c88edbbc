import type { GreyImage } from './symbol-reader.ts';

/** Lines looked at: one in so many tells enough of a texture. */
const LINE_STEP = 8;
/** Levels between a dark and a light place that a general reader tells apart (zxing-cpp's local threshold asks for 24). */
const SWING_MIN = 24;

/**
 * How often a picture changes between dark and light, along its rows or its columns, whichever is more: what a general reader
 * works on. About a fiftieth of the pixels of a face; nearly all of a chessboard.
 */
export function reversalsOf(image: GreyImage): number {
  const { width, height } = image;
  return LINE_STEP * Math.max(alongLines(image, width, 1, height, width), alongLines(image, height, width, width, 1));
}

function alongLines({ pixels }: GreyImage, length: number, step: number, lines: number, stride: number): number {
  let reversals = 0;
  for (let line = 0; line < lines; line += LINE_STEP) {
    let at = line * stride;
    let extreme = pixels[at] ?? 0;
    let isRising = true;
    for (let index = 1; index < length; index++) {
      at += step;
      const level = pixels[at] ?? 0;
      const beyond = isRising ? level - extreme : extreme - level;
      if (beyond > 0) extreme = level;
      else if (beyond <= -SWING_MIN) {
        reversals += 1;
        extreme = level;
        isRising = !isRising;
      }
    }
  }
  return reversals;
}
