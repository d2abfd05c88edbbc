import type { GreyImage } from './symbol-reader.ts';

/** A Gaussian of 0.8 pixels, in 256ths, from its middle outwards. */
const TAPS = [124, 59, 7] as const;
const REACH = TAPS.length - 1;
const DARK = 10;
const LIGHT = 245;
/** Of its pixels, so many at each end are taken for specks when the contrast is stretched. */
const SPECKS_SHARE = 0.001;

/** How a picture is looked at again: where its light is made even, what has no paper in it becomes something else. */
export const LENSES = ['soft', 'soft, evenly lit'] as const;
export type Lens = (typeof LENSES)[number];

/**
 * Without the finest detail, and with all the contrast there is: dots of thin ink, which a lens leaves little of, stand out from the
 * noise of single pixels.
 */
export function smoothed({ width, height, pixels }: GreyImage, lens: Lens): GreyImage {
  const rows = new Uint16Array(width * height);
  soften(pixels, rows, { lines: height, lineStep: width, length: width, step: 1 }, 0);
  const smooth = new Uint8Array(width * height);
  soften(rows, smooth, { lines: width, lineStep: 1, length: height, step: width }, 16);
  const image = { width, height, pixels: smooth };
  if (lens === 'soft, evenly lit') evenLight(image);
  stretch(smooth);
  return image;
}

/** Lines of a picture, rows or columns: where they begin, and how far their pixels lie from each other. */
interface Lines {
  readonly lines: number;
  readonly lineStep: number;
  readonly length: number;
  readonly step: number;
}

/** Sums along each line, without their last bits. */
function soften(
  from: Uint8Array | Uint16Array,
  to: Uint8Array | Uint16Array,
  { lines, lineStep, length, step }: Lines,
  bits: number,
): void {
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    for (let place = 0; place < length; place++) {
      let sum = TAPS[0] * (from[start + place * step] ?? 0);
      for (let tap = 1; tap <= REACH; tap++) {
        const [before, after] = [Math.max(0, place - tap), Math.min(length - 1, place + tap)];
        sum += (TAPS[tap] ?? 0) * ((from[start + before * step] ?? 0) + (from[start + after * step] ?? 0));
      }
      to[start + place * step] = sum >> bits;
    }
  }
}

function stretch(pixels: Uint8Array): void {
  const histogram = new Uint32Array(256);
  for (const pixel of pixels) histogram[pixel] = (histogram[pixel] ?? 0) + 1;
  const specks = pixels.length * SPECKS_SHARE;
  let [darkest, lightest] = [0, 255];
  for (let left = specks; darkest < 255; darkest++) {
    left -= histogram[darkest] ?? 0;
    if (left < 0) break;
  }
  for (let left = specks; lightest > darkest + 1; lightest--) {
    left -= histogram[lightest] ?? 0;
    if (left < 0) break;
  }
  const factor = (LIGHT - DARK) / (lightest - darkest);
  const stretched = Uint8ClampedArray.from(histogram, (_, pixel) => DARK + (pixel - darkest) * factor);
  for (let at = 0; at < pixels.length; at++) pixels[at] = stretched[pixels[at] ?? 0] ?? 0;
}

/** Light is taken to be the same over so many pixels, and to change evenly from one block to the next. */
const BLOCK_PX = 16;
/** Of the pixels of a block, so many are brighter than its paper is taken to be: some of them are noise. */
const BRIGHTER_SHARE = 0.1;

/** Divides by the brightness of the paper, which a shadow takes light from. */
function evenLight({ width, height, pixels }: GreyImage): void {
  const [columns, rows] = [Math.ceil(width / BLOCK_PX), Math.ceil(height / BLOCK_PX)];
  const paper = new Float32Array(columns * rows);
  for (let block = 0; block < paper.length; block++) {
    paper[block] = paperOf(pixels, width, height, (block % columns) * BLOCK_PX, Math.floor(block / columns) * BLOCK_PX);
  }
  const at = (column: number, row: number) => {
    const [c, r] = [Math.min(columns - 1, Math.max(0, column)), Math.min(rows - 1, Math.max(0, row))];
    return paper[r * columns + c] ?? 1;
  };
  for (let y = 0; y < height; y++) {
    const v = (y + 0.5) / BLOCK_PX - 0.5;
    const [row, down] = [Math.floor(v), v - Math.floor(v)];
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / BLOCK_PX - 0.5;
      const [column, right] = [Math.floor(u), u - Math.floor(u)];
      const above = at(column, row) * (1 - right) + at(column + 1, row) * right;
      const below = at(column, row + 1) * (1 - right) + at(column + 1, row + 1) * right;
      const light = above * (1 - down) + below * down;
      pixels[y * width + x] = Math.min(255, (LIGHT * (pixels[y * width + x] ?? 0)) / Math.max(1, light));
    }
  }
}

const counts = new Uint16Array(256);

function paperOf(pixels: Uint8Array, width: number, height: number, left: number, top: number): number {
  counts.fill(0);
  const [right, bottom] = [Math.min(width, left + BLOCK_PX), Math.min(height, top + BLOCK_PX)];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const pixel = pixels[y * width + x] ?? 0;
      counts[pixel] = (counts[pixel] ?? 0) + 1;
    }
  }
  let brighter = (right - left) * (bottom - top) * BRIGHTER_SHARE;
  let brightness = 255;
  for (; brightness > 0 && brighter > 0; brightness--) brighter -= counts[brightness] ?? 0;
  return brightness;
}
