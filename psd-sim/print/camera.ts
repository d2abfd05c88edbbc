import { Random } from '../random.ts';

/** A soft lens: each pixel shares `weight` with its horizontal, then its vertical neighbors. */
export function blur(pixels: Uint8Array, width: number, height: number, weight: number): void {
  // Whole 1/256 parts: both passes run over every pixel of every picture.
  const side = Math.round(weight * 128);
  const keep = 256 - 2 * side;
  for (let start = 0; start < width * height; start += width) {
    let previous = pixels[start] ?? 0;
    for (let at = start + 1; at < start + width - 1; at++) {
      const here = pixels[at] ?? 0;
      pixels[at] = (keep * here + side * (previous + (pixels[at + 1] ?? 0)) + 128) >> 8;
      previous = here;
    }
  }
  // Row by row, since a walk down a column would touch another line of the processor's cache at each step.
  const above = pixels.slice(0, width);
  for (let start = width; start < width * (height - 1); start += width) {
    for (let x = 0; x < width; x++) {
      const here = pixels[start + x] ?? 0;
      pixels[start + x] = (keep * here + side * ((above[x] ?? 0) + (pixels[start + width + x] ?? 0)) + 128) >> 8;
      above[x] = here;
    }
  }
}

const NOISE_SAMPLES = 2 ** 15;
/** Whole numbers, for the same reason as above. */
const NOISE_UNIT = 2 ** 12;
const noise = Int16Array.from({ length: NOISE_SAMPLES }, gaussians());

function gaussians(): () => number {
  const random = new Random('sensor noise');
  return () => Math.round(random.gaussian() * NOISE_UNIT);
}

/** Sensor noise of the given standard deviation, from one table read at a random place for each stretch of pixels. */
export function addNoise(pixels: Uint8Array, deviation: number, random: Random): void {
  const stretchPx = 997;
  const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
  const factor = Math.round(deviation * 256);
  for (let start = 0; start < clamped.length; start += stretchPx) {
    const end = Math.min(start + stretchPx, clamped.length);
    const shift = random.int(0, NOISE_SAMPLES - stretchPx) - start;
    for (let at = start; at < end; at++) {
      clamped[at] = (clamped[at] ?? 0) + ((factor * (noise[shift + at] ?? 0) + 2 ** 19) >> 20);
    }
  }
}
