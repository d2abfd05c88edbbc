import { SIZE_MAX } from './sizes.ts';
import type { SymbolMap } from './symbol-map.ts';

/**
 * Shares of a module's light that the lens leaves in it and spreads over the next two, along one axis: a Gaussian of 0.6
 * modules. It serves for lenses from 0.45 to 0.7.
 */
const TAPS = [0.5954, 0.1961, 0.0062] as const;
/** Two modules of paper on each side. */
const STRIDE = SIZE_MAX + 4;
const CELLS = STRIDE * STRIDE;
const ROUNDS = 20;
/** Steps below 2 converge; this one does so fast. */
const STEP = 1.8;

const guess = new Float32Array(CELLS);
const spread = new Float32Array(CELLS);
const halfway = new Float32Array(CELLS);
const rest = new Float32Array(CELLS);

/**
 * Undoes a lens blurred so far that light modules among dark ones are darker than dark ones among light: looks for module
 * values between ink and paper that give the levels once they are blurred again (projected Landweber). What is printed in
 * every symbol of the size is held. Linear sharpening cannot do this: the bounds are what makes it work.
 */
export function deconvolve({ size, fixed }: SymbolMap, flat: Float32Array, bits: Uint8Array): void {
  guess.fill(0);
  rest.fill(0);
  const cellOf = (at: number) => (Math.floor(at / size) + 2) * STRIDE + (at % size) + 2;
  for (let at = 0; at < size * size; at++) guess[cellOf(at)] = clampedInk(fixed[at] ?? -1, 1 - (flat[at] ?? 0));
  for (let round = 0; round < ROUNDS; round++) {
    blur(guess, spread, size);
    const [offset, slope] = lineThrough(flat, size);
    for (let row = 0, at = 0; row < size; row++) {
      for (let cell = (row + 2) * STRIDE + 2, end = cell + size; cell < end; cell++, at++) {
        rest[cell] = (1 - (flat[at] ?? 0) - offset) / slope - (spread[cell] ?? 0);
      }
    }
    blur(rest, spread, size);
    for (let row = 0, at = 0; row < size; row++) {
      for (let cell = (row + 2) * STRIDE + 2, end = cell + size; cell < end; cell++, at++) {
        guess[cell] = clampedInk(fixed[at] ?? -1, (guess[cell] ?? 0) + STEP * (spread[cell] ?? 0));
      }
    }
  }
  for (let at = 0; at < size * size; at++) bits[at] = (guess[cellOf(at)] ?? 0) > 0.5 ? 1 : 0;
}

function clampedInk(fixed: number, ink: number): number {
  if (fixed !== -1) return fixed;
  return ink < 0 ? 0 : Math.min(1, ink);
}

/** Both axes, one after the other; the rim stays as it is: paper. */
function blur(from: Float32Array, into: Float32Array, size: number): void {
  const [own, next, far] = TAPS;
  for (let row = 2; row < size + 2; row++) {
    for (let cell = row * STRIDE + 2, end = cell + size; cell < end; cell++) {
      halfway[cell] =
        own * (from[cell] ?? 0) +
        next * ((from[cell - 1] ?? 0) + (from[cell + 1] ?? 0)) +
        far * ((from[cell - 2] ?? 0) + (from[cell + 2] ?? 0));
    }
  }
  halfway.fill(0, 0, 2 * STRIDE);
  halfway.fill(0, (size + 2) * STRIDE, (size + 4) * STRIDE);
  for (let row = 2; row < size + 2; row++) {
    for (let cell = row * STRIDE + 2, end = cell + size; cell < end; cell++) {
      into[cell] =
        own * (halfway[cell] ?? 0) +
        next * ((halfway[cell - STRIDE] ?? 0) + (halfway[cell + STRIDE] ?? 0)) +
        far * ((halfway[cell - 2 * STRIDE] ?? 0) + (halfway[cell + 2 * STRIDE] ?? 0));
    }
  }
}

/** Levels of ink and paper are not known either: the line through the blurred guess and what was measured. */
function lineThrough(flat: Float32Array, size: number): [number, number] {
  let [x, y, xx, xy] = [0, 0, 0, 0];
  for (let row = 0, at = 0; row < size; row++) {
    for (let cell = (row + 2) * STRIDE + 2, end = cell + size; cell < end; cell++, at++) {
      const blurred = spread[cell] ?? 0;
      const ink = 1 - (flat[at] ?? 0);
      x += blurred;
      y += ink;
      xx += blurred * blurred;
      xy += blurred * ink;
    }
  }
  const n = size * size;
  const slope = Math.max(0.1, (n * xy - x * y) / Math.max(1e-6, n * xx - x * x));
  return [(y - slope * x) / n, slope];
}
