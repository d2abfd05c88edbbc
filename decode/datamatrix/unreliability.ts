import { CODEWORDS_MAX, SIZE_MAX } from './sizes.ts';
import type { SymbolMap } from './symbol-map.ts';

const MODULES_MAX = SIZE_MAX * SIZE_MAX;
const total = new Float32Array(MODULES_MAX);
const uniform = new Uint8Array(MODULES_MAX);
const scores = new Float32Array(CODEWORDS_MAX);

/** What a doubtful neighborhood adds, and each further uniform square that a module lies in. */
const NEARBY = 0.5;
const PER_SQUARE = 0.1;
/** A line with so few, or so many, dark data modules was not printed so: 3.7 standard deviations of 44. */
const LINE_SHARE = 0.22;
const IN_LINE = 0.5;

/**
 * Codewords, the least reliable first, by the unreliability of their modules as taken by `moduleUnreliability`.
 */
export function leastReliable(map: SymbolMap, bits: Uint8Array, unreliability: Float32Array): Int32Array {
  const { bitModules, codewords } = map;
  const total = moduleUnreliability(map, bits, unreliability);
  for (let codeword = 0; codeword < codewords; codeword++) {
    let sum = 0;
    for (let bit = 8 * codeword; bit < 8 * codeword + 8; bit++) sum += total[bitModules[bit] ?? 0] ?? 0;
    scores[codeword] = sum;
  }
  const order = Int32Array.from({ length: codewords }, (_, codeword) => codeword);
  return order.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}

/**
 * The unreliability of each module itself, and added to it that of its neighbors, squares of 3 × 3 modules of one color (data have one in 256), and
 * lines of nearly one color. The result is overwritten by the next call.
 */
export function moduleUnreliability(
  { size, fixed }: SymbolMap,
  bits: Uint8Array,
  unreliability: Float32Array,
): Float32Array {
  countSquares(bits, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = row * size + column;
      const squares = PER_SQUARE * Math.max(0, (uniform[at] ?? 0) - 1);
      total[at] = (unreliability[at] ?? 0) + NEARBY * meanAround(unreliability, size, row, column) + squares;
    }
  }
  for (let at = 0; at < size; at++) {
    addSquares(bits, fixed, at * size, 1, size);
    addSquares(bits, fixed, at, size, size);
  }
  return total;
}

/** For each module, in how many 3 × 3 squares of one color it lies. */
function countSquares(bits: Uint8Array, size: number): void {
  uniform.fill(0);
  for (let row = 0; row + 2 < size; row++) {
    for (let column = 0; column + 2 < size; column++) {
      const at = row * size + column;
      let dark = 0;
      for (let y = at; y <= at + 2 * size; y += size) dark += (bits[y] ?? 0) + (bits[y + 1] ?? 0) + (bits[y + 2] ?? 0);
      if (dark !== 0 && dark !== 9) continue;
      for (let y = at; y <= at + 2 * size; y += size) {
        for (let x = y; x < y + 3; x++) uniform[x] = (uniform[x] ?? 0) + 1;
      }
    }
  }
}

function meanAround(unreliability: Float32Array, size: number, row: number, column: number): number {
  let sum = 0;
  for (let y = Math.max(0, row - 1); y <= Math.min(size - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(size - 1, column + 1); x++)
      sum += unreliability[y * size + x] ?? 0;
  }
  return sum / 9;
}

function addSquares(bits: Uint8Array, fixed: Int8Array, first: number, along: number, size: number): void {
  let [dark, count] = [0, 0];
  for (let step = 0, at = first; step < size; step++, at += along) {
    if (fixed[at] !== -1) continue;
    count += 1;
    dark += bits[at] ?? 0;
  }
  if (count < size / 2) return;
  const color = dark < LINE_SHARE * count ? 0 : dark > (1 - LINE_SHARE) * count ? 1 : -1;
  if (color === -1) return;
  for (let step = 0, at = first; step < size; step++, at += along) {
    if (bits[at] === color) total[at] = (total[at] ?? 0) + IN_LINE;
  }
}
