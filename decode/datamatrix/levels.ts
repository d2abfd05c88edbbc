import type { GreyImage } from '../symbol-reader.ts';
import type { Point } from './pose.ts';

const histogram = new Int32Array(256);
/** Every so many pixels: odd, so that columns take turns. */
const STEP = 7;

/** About the levels of ink and of paper: what 8 % of the pixels are darker, and 8 % lighter, than. */
export function inkAndPaper({ pixels }: GreyImage): { readonly ink: number; readonly paper: number } {
  histogram.fill(0);
  for (let at = 0; at < pixels.length; at += STEP) {
    const level = pixels[at] ?? 0;
    histogram[level] = (histogram[level] ?? 0) + 1;
  }
  const count = pixels.length / STEP;
  return { ink: quantileOf(0.08 * count), paper: quantileOf(0.92 * count) };
}

function quantileOf(count: number): number {
  let seen = 0;
  for (let level = 0; level < 256; level++) {
    seen += histogram[level] ?? 0;
    if (seen >= count) return level;
  }
  return 255;
}

const POINTS = 24;

/** Whether the picture is darker just outside the corners' sides than inside: a light symbol on dark ground. */
export function isLightOnDark({ pixels, width, height }: GreyImage, corners: readonly Point[]): boolean {
  let [inside, outside, count] = [0, 0, 0];
  const middle = corners.reduce((sum, { x, y }) => ({ x: sum.x + x / 4, y: sum.y + y / 4 }), { x: 0, y: 0 });
  for (let side = 0; side < 4; side++) {
    const [from, to] = [corners[side], corners[(side + 1) % 4]];
    if (from === undefined || to === undefined) continue;
    for (let point = 0; point < POINTS; point++) {
      const share = (point + 0.5) / POINTS;
      const x = from.x + (to.x - from.x) * share - middle.x;
      const y = from.y + (to.y - from.y) * share - middle.y;
      const out = pixelAt(pixels, width, height, middle.x + 1.06 * x, middle.y + 1.06 * y);
      if (out === -1) continue;
      for (const reach of [0.25, 0.5, 0.75]) {
        inside += pixelAt(pixels, width, height, middle.x + reach * x, middle.y + reach * y) / 3;
      }
      outside += out;
      count += 1;
    }
  }
  return count > 0 && outside < inside;
}

function pixelAt(pixels: Uint8Array, width: number, height: number, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= width || y >= height) return -1;
  return pixels[Math.floor(y) * width + Math.floor(x)] ?? -1;
}

export function inverted({ width, height, pixels }: GreyImage): GreyImage {
  return { width, height, pixels: pixels.map((level) => 255 - level) };
}
