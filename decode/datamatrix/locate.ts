import { leastOf, strongFrom } from '../energy.ts';
import type { GreyImage } from '../symbol-reader.ts';

/** An upright rectangle in a picture turned by `radians`: u = x cos + y sin, v = y cos - x sin. Pixels. */
export interface TurnedBox {
  readonly radians: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** How much is spent: half of it finds clean symbols as well, but not all damaged ones. */
export type Care = 'quick' | 'thorough';

const CELL_PX = 4;
const CELLS_MAX = 1 << 16;
const BINS_MAX = 2048;
const energies = new Float32Array(CELLS_MAX);
const profile = new Int32Array(BINS_MAX);

/** The strong cells along one axis of the turned picture: where they lie, in pixels, and in which bin of the profile. */
interface Axis {
  readonly places: Float64Array;
  readonly bins: Int32Array;
}

const U: Axis = { places: new Float64Array(CELLS_MAX), bins: new Int32Array(CELLS_MAX) };
const V: Axis = { places: new Float64Array(CELLS_MAX), bins: new Int32Array(CELLS_MAX) };

/**
 * The box with the texture of a symbol: its turn from the directions of all gradients, which a matrix has two of, and
 * its sides where the cells with strong gradients begin. Null on pictures with nothing on them.
 */
export function locateTexture(image: GreyImage, care: Care): TurnedBox | null {
  const columns = Math.floor((image.width - 4) / CELL_PX);
  const rows = Math.floor((image.height - 4) / CELL_PX);
  if (columns < 6 || rows < 6 || columns * rows > CELLS_MAX) return null;
  const radians = measureGradients(image, columns, rows, care);
  const strong = turnStrong(columns, rows, leastOf(strongFrom(energies, columns * rows)), radians);
  return boxOfStrong(strong, columns + rows, radians);
}

/** Fills the energies of all cells and returns the turn, from -45° to 45°. */
function measureGradients({ pixels, width }: GreyImage, columns: number, rows: number, care: Care): number {
  // One diagonal of the four points of a cell tells as much of a clean picture.
  const step = care === 'quick' ? 3 : 1;
  let real = 0;
  let imaginary = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let energy = 0;
      const corner = (row * CELL_PX + 2) * width + column * CELL_PX + 2;
      for (let sub = 0; sub < 4; sub += step) {
        const at = corner + (sub & 1) * 2 + (sub >> 1) * 2 * width;
        const above = at - width;
        const below = at + width;
        const a1 = pixels[above - 1] ?? 0;
        const a3 = pixels[above + 1] ?? 0;
        const b1 = pixels[below - 1] ?? 0;
        const b3 = pixels[below + 1] ?? 0;
        const gx = a3 + b3 - a1 - b1 + 1.5 * ((pixels[at + 1] ?? 0) - (pixels[at - 1] ?? 0));
        const gy = b1 + b3 - a1 - a3 + 1.5 * ((pixels[below] ?? 0) - (pixels[above] ?? 0));
        energy += Math.abs(gx) + Math.abs(gy);
        // The fourth power of gx + i gy has one direction for all four of a matrix.
        const a = gx * gx - gy * gy;
        const b = 2 * gx * gy;
        real += a * a - b * b;
        imaginary += 2 * a * b;
      }
      energies[row * columns + column] = energy;
    }
  }
  return Math.atan2(imaginary, real) / 4;
}

/** Turns the middles of the cells with so much energy; their number. */
function turnStrong(columns: number, rows: number, energyMin: number, radians: number): number {
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const zero = columns + rows;
  let strong = 0;
  for (let row = 0; row < rows; row++) {
    const y = row * CELL_PX + 4;
    for (let column = 0; column < columns; column++) {
      if ((energies[row * columns + column] ?? 0) < energyMin) continue;
      const x = column * CELL_PX + 4;
      const u = x * cos + y * sin;
      const v = y * cos - x * sin;
      U.places[strong] = u;
      V.places[strong] = v;
      U.bins[strong] = zero + Math.round(u / CELL_PX);
      V.bins[strong] = zero + Math.round(v / CELL_PX);
      strong += 1;
    }
  }
  return strong;
}

function boxOfStrong(strong: number, zero: number, radians: number): TurnedBox | null {
  const box = { radians, left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };
  // Twice: what stands beside the symbol no longer counts once the other sides are known.
  for (let round = 0; round < 2; round++) {
    const [left, right] = project(U.bins, V.places, box.top, box.bottom, strong, zero);
    if (left === right) return null;
    box.left = left;
    box.right = right;
    const [top, bottom] = project(V.bins, U.places, left, right, strong, zero);
    if (top === bottom) return null;
    box.top = top;
    box.bottom = bottom;
  }
  return box;
}

/**
 * Counts strong cells along one axis, those that lie between two places across it, and returns where the widest stretch of
 * them begins and ends, in pixels. `zero` is the bin of place 0.
 */
function project(
  along: Int32Array,
  across: Float64Array,
  from: number,
  to: number,
  strong: number,
  zero: number,
): [number, number] {
  const bins = Math.min(BINS_MAX, 2 * zero);
  profile.fill(0, 0, bins);
  for (let cell = 0; cell < strong; cell++) {
    const place = across[cell] ?? 0;
    if (place < from || place > to) continue;
    const bin = along[cell] ?? 0;
    profile[bin] = (profile[bin] ?? 0) + 1;
  }
  const [first, last] = widestStretch(bins);
  return [(first - zero - 0.5) * CELL_PX, (last - zero + 0.5) * CELL_PX];
}

/** Print beside a symbol seldom covers half of its side. */
const PLATEAU_SHARE = 0.62;
/** Spread ink closes the inner borders of a symbol: so many cells of 4 pixels without a step. */
const GAP_BINS_MAX = 4;

/** Bins near the plateau, with short gaps. */
function widestStretch(bins: number): [number, number] {
  let sum = 0;
  let squares = 0;
  for (let bin = 0; bin < bins; bin++) {
    sum += profile[bin] ?? 0;
    squares += (profile[bin] ?? 0) ** 2;
  }
  if (sum === 0) return [0, 0];
  // The mean count that a cell sees: near the plateau, no matter what lies beside it.
  const enough = (PLATEAU_SHARE * squares) / sum;
  let [bestFirst, bestLast] = [0, 0];
  let first = -1;
  let last = -1;
  for (let bin = 0; bin < bins; bin++) {
    if ((profile[bin] ?? 0) < enough) continue;
    if (first === -1 || bin - last > GAP_BINS_MAX + 1) first = bin;
    last = bin;
    if (last - first > bestLast - bestFirst) [bestFirst, bestLast] = [first, last];
  }
  return [bestFirst, bestLast];
}
