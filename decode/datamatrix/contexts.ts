import { SIZE_MAX } from './sizes.ts';
import type { SymbolMap } from './symbol-map.ts';

/** A module and its eight neighbors stand in a grid with a light rim, so that no neighbor is missing. */
const STRIDE = SIZE_MAX + 2;
const CELLS = STRIDE * STRIDE;
/** Own color, dark neighbors beside (0 to 4) and dark neighbors across (0 to 4). */
const CONTEXTS = 50;
/** Beyond the symbol: a context that no module has. */
const RIM = 255;

const colors = new Uint8Array(CELLS);
const contexts = new Uint8Array(CELLS);
const levels = new Float32Array(CELLS);
const known = new Uint8Array(CELLS);
const sums = new Float64Array(CONTEXTS);
const counts = new Float64Array(CONTEXTS);
const means = new Float32Array(CONTEXTS);
const SIDES = [1, -1, STRIDE, -STRIDE];
const CORNERS = [STRIDE + 1, STRIDE - 1, -STRIDE + 1, -STRIDE - 1];

/**
 * Decides dark or light for all modules together. What a lens, the spread of ink or its lack do to a module depends on
 * its neighbors: the mean level in each of 50 contexts is learned from the symbol itself, then every module takes the
 * color that explains it and its neighbors best, and so on in turn. `bits` holds the first guess and receives the result;
 * `doubt` receives about how likely each is wrong.
 */
export function decideTogether(
  map: SymbolMap,
  flat: Float32Array,
  bits: Uint8Array,
  unreliability: Float32Array,
  rounds: number,
): void {
  const { size } = map;
  load(map, flat, bits);
  for (let round = 0; round < rounds; round++) {
    learn(size);
    if (sweep(size) === 0) break;
  }
  learn(size);
  const noise = typicalNoise(size);
  for (let row = 1; row <= size; row++) {
    for (let column = 1; column <= size; column++) {
      const cell = row * STRIDE + column;
      const at = (row - 1) * size + column - 1;
      bits[at] = colors[cell] ?? 0;
      unreliability[at] = known[cell] === 1 ? 0 : unreliabilityOf(cell, noise);
    }
  }
}

/** How likely a module is of neither color but of something that lies on it, before it is looked at. */
const STRANGE = 0.02;

/**
 * Three explanations of a module: its color, the other color (then its neighbors are also explained otherwise), or
 * something strange on it, whose level may be any: of that, half is wrong.
 */
function unreliabilityOf(cell: number, noise: number): number {
  const scale = 1 / (2 * noise);
  const residual = (levels[cell] ?? 0) - (means[contexts[cell] ?? 0] ?? 0);
  const own = Math.exp(-residual * residual * scale);
  const other = own * Math.exp(-Math.max(0, flipCost(cell)) * scale);
  const strange = STRANGE * Math.sqrt(2 * Math.PI * noise);
  return (other + strange / 2) / (own + other + strange);
}

/** Variance of the residuals, from their median, so that what lies on the symbol does not count. */
function typicalNoise(size: number): number {
  let count = 0;
  for (let row = 1; row <= size; row++) {
    for (let cell = row * STRIDE + 1; cell <= row * STRIDE + size; cell++) {
      residuals[count++] = Math.abs((levels[cell] ?? 0) - (means[contexts[cell] ?? 0] ?? 0));
    }
  }
  const sorted = residuals.subarray(0, count).sort();
  return Math.max(NOISE_MIN, (1.48 * (sorted[count >> 1] ?? 0)) ** 2);
}

const residuals = new Float32Array(SIZE_MAX * SIZE_MAX);
/** Variance that pixels of 256 steps have anyway. */
const NOISE_MIN = 1e-4;

function load({ size, fixed }: SymbolMap, flat: Float32Array, bits: Uint8Array): void {
  colors.fill(0);
  contexts.fill(RIM);
  known.fill(1);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = row * size + column;
      const cell = (row + 1) * STRIDE + column + 1;
      levels[cell] = flat[at] ?? 0;
      const color = fixed[at] ?? -1;
      known[cell] = color === -1 ? 0 : 1;
      colors[cell] = color === -1 ? (bits[at] ?? 0) : color;
    }
  }
  for (let row = 1; row <= size; row++) {
    for (let cell = row * STRIDE + 1; cell <= row * STRIDE + size; cell++) {
      const beside =
        (colors[cell + 1] ?? 0) + (colors[cell - 1] ?? 0) + (colors[cell + STRIDE] ?? 0) + (colors[cell - STRIDE] ?? 0);
      const across =
        (colors[cell + STRIDE + 1] ?? 0) +
        (colors[cell + STRIDE - 1] ?? 0) +
        (colors[cell - STRIDE + 1] ?? 0) +
        (colors[cell - STRIDE - 1] ?? 0);
      contexts[cell] = 25 * (colors[cell] ?? 0) + 5 * beside + across;
    }
  }
}

/** Weight of the straight line through all contexts of a color against the mean of one. */
const PRIOR = 6;

/** Learns the mean of each context. */
function learn(size: number): void {
  sums.fill(0);
  counts.fill(0);
  for (let row = 1; row <= size; row++) {
    for (let cell = row * STRIDE + 1; cell <= row * STRIDE + size; cell++) {
      const context = contexts[cell] ?? 0;
      const level = levels[cell] ?? 0;
      sums[context] = (sums[context] ?? 0) + level;
      counts[context] = (counts[context] ?? 0) + 1;
    }
  }
  for (let color = 0; color < 2; color++) {
    const [constant, perSide, perCorner] = lineThrough(25 * color);
    for (let neighbors = 0; neighbors < 25; neighbors++) {
      const context = 25 * color + neighbors;
      const line = constant + perSide * Math.floor(neighbors / 5) + perCorner * (neighbors % 5);
      const count = counts[context] ?? 0;
      const sum = sums[context] ?? 0;
      means[context] = (sum + PRIOR * line) / (count + PRIOR);
    }
  }
}

/** Least squares of the means over the numbers of dark neighbors. */
function lineThrough(first: number): [number, number, number] {
  let [n, a, b, aa, ab, bb, y, ya, yb] = [1e-6, 0, 0, 1e-3, 0, 1e-3, 0, 0, 0];
  for (let neighbors = 0; neighbors < 25; neighbors++) {
    const [side, corner] = [Math.floor(neighbors / 5), neighbors % 5];
    const count = counts[first + neighbors] ?? 0;
    const sum = sums[first + neighbors] ?? 0;
    n += count;
    a += count * side;
    b += count * corner;
    aa += count * side * side;
    ab += count * side * corner;
    bb += count * corner * corner;
    y += sum;
    ya += sum * side;
    yb += sum * corner;
  }
  const [saa, sab, sbb] = [aa - (a * a) / n, ab - (a * b) / n, bb - (b * b) / n];
  const [sya, syb] = [ya - (a * y) / n, yb - (b * y) / n];
  const determinant = saa * sbb - sab * sab;
  const perSide = (sya * sbb - syb * sab) / determinant;
  const perCorner = (syb * saa - sya * sab) / determinant;
  return [(y - perSide * a - perCorner * b) / n, perSide, perCorner];
}

/** Lets every module choose in turn; returns how many changed. */
function sweep(size: number): number {
  let changed = 0;
  for (let row = 1; row <= size; row++) {
    for (let cell = row * STRIDE + 1; cell <= row * STRIDE + size; cell++) {
      if (known[cell] === 1 || flipCost(cell) >= 0) continue;
      changed += 1;
      const sign = colors[cell] === 1 ? -1 : 1;
      colors[cell] = sign === 1 ? 1 : 0;
      contexts[cell] = (contexts[cell] ?? 0) + 25 * sign;
      for (const step of SIDES) shift(cell + step, 5 * sign);
      for (const step of CORNERS) shift(cell + step, sign);
    }
  }
  return changed;
}

function shift(cell: number, step: number): void {
  const context = contexts[cell] ?? RIM;
  if (context !== RIM) contexts[cell] = context + step;
}

/** What the other color of a module would cost, in squares of levels: it changes the contexts of its neighbors, too. */
function flipCost(cell: number): number {
  const sign = colors[cell] === 1 ? -1 : 1;
  return (
    costChange(cell, 25 * sign) +
    costChange(cell + 1, 5 * sign) +
    costChange(cell - 1, 5 * sign) +
    costChange(cell + STRIDE, 5 * sign) +
    costChange(cell - STRIDE, 5 * sign) +
    costChange(cell + STRIDE + 1, sign) +
    costChange(cell + STRIDE - 1, sign) +
    costChange(cell - STRIDE + 1, sign) +
    costChange(cell - STRIDE - 1, sign)
  );
}

/** How much worse a module is explained when its context changes; the rim explains nothing. */
function costChange(cell: number, step: number): number {
  const context = contexts[cell] ?? 0;
  if (context === RIM) return 0;
  const level = levels[cell] ?? 0;
  const before = level - (means[context] ?? 0);
  const after = level - (means[context + step] ?? 0);
  return after * after - before * before;
}
