import { SIZE_MAX } from './sizes.ts';

/** A line of modules this much lighter (or darker) in its extremes than lines usually are lies under something. */
const SHIFT_MIN = 0.12;
/** Beyond this share of the contrast nothing can be made out below it. */
const SHIFT_MAX = 0.8;
const line = new Float32Array(SIZE_MAX);
const extremes = new Float32Array(SIZE_MAX);

/**
 * Stretches rows and columns that are pale as a whole, or dark as a whole: a nozzle that prints half of what it should, a
 * fold, a pen along a line. What stays below is told from above again.
 */
export function evenLines(flat: Float32Array, size: number): void {
  for (const [along, across] of [
    [1, size],
    [size, 1],
  ] as const) {
    for (const end of ['dark', 'light'] as const) {
      for (let at = 0; at < size; at++) extremes[at] = extremeOf(flat, at * across, along, size, end);
      const usual = medianOf(extremes, size);
      for (let at = 0; at < size; at++) {
        const shift = end === 'dark' ? (extremes[at] ?? 0) - usual : usual - (extremes[at] ?? 0);
        if (shift < SHIFT_MIN || shift > SHIFT_MAX) continue;
        for (let step = 0; step < size; step++) {
          const module = at * across + step * along;
          const value = flat[module] ?? 0;
          flat[module] = end === 'dark' ? (value - shift) / (1 - shift) : value / (1 - shift);
        }
      }
    }
  }
}

/** The mean of the darkest, or lightest, quarter of a line. */
function extremeOf(flat: Float32Array, first: number, along: number, size: number, end: 'dark' | 'light'): number {
  for (let step = 0; step < size; step++) line[step] = flat[first + step * along] ?? 0;
  const sorted = line.subarray(0, size).sort();
  const quarter = size >> 2;
  let sum = 0;
  for (let at = 0; at < quarter; at++) sum += sorted[end === 'dark' ? at : size - 1 - at] ?? 0;
  return sum / quarter;
}

const ordered = new Float32Array(SIZE_MAX);

function medianOf(values: Float32Array, count: number): number {
  ordered.set(values.subarray(0, count));
  return ordered.subarray(0, count).sort()[count >> 1] ?? 0;
}
