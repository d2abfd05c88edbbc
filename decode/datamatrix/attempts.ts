import type { GreyImage } from '../symbol-reader.ts';
import { codewordsOf } from './assemble.ts';
import { decideTogether } from './contexts.ts';
import { deconvolve } from './deconvolve.ts';
import { flatten } from './flatten.ts';
import type { Grid } from './grid.ts';
import { evenLines } from './lines.ts';
import { sampleAreas, sampleCenters } from './sample.ts';
import type { MatrixReading, MatrixSearch } from './search.ts';
import { CODEWORDS_MAX, SIZE_MAX } from './sizes.ts';
import type { SoftDecision } from './soft-decisions.ts';
import type { SymbolMap } from './symbol-map.ts';
import { leastReliable } from './unreliability.ts';

const MODULES_MAX = SIZE_MAX * SIZE_MAX;
const values = new Float32Array(MODULES_MAX);
const flat = new Float32Array(MODULES_MAX);
const sharp = new Float32Array(MODULES_MAX);
const bits = new Uint8Array(MODULES_MAX);
const unreliability = new Float32Array(MODULES_MAX);
const erased = new Uint8Array(CODEWORDS_MAX);
const filled = new Uint8Array(CODEWORDS_MAX);

/** What a clean or mildly damaged symbol needs: one point a module, one threshold between the borders' two levels. */
export function readPlainly(image: GreyImage, grid: Grid, search: MatrixSearch): MatrixReading | null {
  const { map, pose } = grid;
  sampleCenters(image, pose, map.size, values);
  const threshold = thresholdByFixed(map);
  for (let at = 0; at < map.size * map.size; at++) bits[at] = (values[at] ?? 0) < threshold ? 1 : 0;
  return search.offer(grid, codewordsOf(map, bits), null, 'plain');
}

/** Shares of the error correction that are spent on erasures, one after another. */
const ERASED_SHARES = [0, 0.2, 0.35, 0.5, 0.65, 0.8];
/** The same where only a signature can tell whether the reading is right. */
const DARING_SHARES = [0.9, 1];

/** All modules decided together, under noise, blur, spread ink, shadow, pale lines and smudges. */
export function readTogether(image: GreyImage, grid: Grid, search: MatrixSearch): MatrixReading | null {
  const { map, pose } = grid;
  sampleAreas(image, pose, map.size, values);
  flatten(values, map.size, flat);
  evenLines(flat, map.size);
  sharpen(map.size, 0.8);
  cut(map.size, 0.5);
  decideTogether(map, flat, bits, unreliability, 6);
  search.keepSoftDecision(grid, bits, unreliability);
  return offerErased(grid, ERASED_SHARES, search, 'together') ?? offerSpeculative(grid, search, 'together');
}

/** What several pictures of a mark say together. */
export function readSoftDecision(softDecision: SoftDecision, search: MatrixSearch): MatrixReading | null {
  bits.set(softDecision.bits);
  unreliability.set(softDecision.unreliability);
  const { grid } = softDecision;
  return offerErased(grid, ERASED_SHARES, search, 'combined') ?? offerSpeculative(grid, search, 'combined');
}

/** A lens so soft that only the bounds of ink and paper tell modules apart. */
export function readDeconvolved(image: GreyImage, grid: Grid, search: MatrixSearch): MatrixReading | null {
  const { map, pose } = grid;
  sampleCenters(image, pose, map.size, values);
  flatten(values, map.size, flat);
  deconvolve(map, flat, bits);
  decideTogether(map, flat, bits, unreliability, 6);
  return offerErased(grid, [0, 0.25, 0.5, 0.75], search, 'deconvolved');
}

/** Levels of the sharpened symbol, from below the ink to the paper: what lies over a mark is seldom as dark as it. */
const LEVELS = [-0.1, -0.05, 0, 0.05, 0.1, 0.2, 0.3, 0.7, 0.85, 1];
const SHARPENINGS = [0.4, 0.8];
/** Distance from the level at which half the unreliability is left, about. */
const UNRELIABILITY_REACH = 0.07;

/** Cancellation lines, pens and smudges of another ink than the mark's: dark is only what is as dark as the mark. */
export function readAtLevels(image: GreyImage, grid: Grid, search: MatrixSearch): MatrixReading | null {
  const { map, pose } = grid;
  sampleCenters(image, pose, map.size, values);
  flatten(values, map.size, flat);
  for (const amount of SHARPENINGS) {
    sharpen(map.size, amount);
    for (const level of LEVELS) {
      cut(map.size, level);
      for (let at = 0; at < map.size * map.size; at++) {
        unreliability[at] = Math.exp(-Math.abs((sharp[at] ?? 0) - level) / UNRELIABILITY_REACH) / 2;
      }
      const reading = offerErased(grid, [0, 0.35, 0.65], search, 'level') ?? offerSpeculative(grid, search, 'level');
      if (reading !== null) return reading;
      if (search.isSpent) return null;
    }
  }
  return null;
}

function offerErased(grid: Grid, shares: readonly number[], search: MatrixSearch, step: string): MatrixReading | null {
  const { map } = grid;
  const codewords = codewordsOf(map, bits);
  let order: Int32Array | undefined;
  for (const share of shares) {
    if (share > 0) {
      order ??= leastReliable(map, bits, unreliability);
      erase(map, order, share, null);
    }
    const reading = search.offer(grid, codewords, share === 0 ? null : erased, step);
    if (reading !== null) return reading;
  }
  return null;
}

/**
 * Readings that prove nothing by themselves: nearly all error correction spent on erasures, and codewords filled in that
 * the marks read before had in common. Only for a search whose candidates somebody checks.
 */
function offerSpeculative(grid: Grid, search: MatrixSearch, step: string): MatrixReading | null {
  if (!search.collects) return null;
  const { map } = grid;
  const codewords = codewordsOf(map, bits);
  const order = leastReliable(map, bits, unreliability);
  for (const share of DARING_SHARES) {
    erase(map, order, share, null);
    const reading = search.offer(grid, codewords, erased, step);
    if (reading !== null) return reading;
  }
  for (const known of search.knownCodewords(map)) {
    filled.set(codewords);
    for (let codeword = 0; codeword < map.dataCodewords; codeword++) {
      const value = known[codeword] ?? -1;
      if (value !== -1) filled[codeword] = value;
    }
    for (const share of [0.5, 0.8, 1]) {
      erase(map, order, share, known);
      search.offerFilled(grid, filled, erased);
    }
  }
  return null;
}

/** Marks the most doubtful codewords, those that are known left out. */
function erase(map: SymbolMap, order: Int32Array, share: number, known: Int16Array | null): void {
  erased.fill(0);
  // Half a block more than its checks cannot be corrected: each block counts for itself.
  let left = Math.floor(share * map.errorCodewords);
  for (let index = 0; index < order.length && left > 0; index++) {
    const codeword = order[index] ?? 0;
    if (known !== null && (known[codeword] ?? -1) !== -1) continue;
    erased[codeword] = 1;
    left -= 1;
  }
}

function sharpen(size: number, amount: number): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = row * size + column;
      const around =
        (row > 0 ? (flat[at - size] ?? 0) : 1) +
        (row < size - 1 ? (flat[at + size] ?? 0) : 1) +
        (column > 0 ? (flat[at - 1] ?? 0) : 1) +
        (column < size - 1 ? (flat[at + 1] ?? 0) : 1);
      const value = flat[at] ?? 0;
      sharp[at] = value + amount * (value - around / 4);
    }
  }
}

function cut(size: number, level: number): void {
  for (let at = 0; at < size * size; at++) bits[at] = (sharp[at] ?? 0) < level ? 1 : 0;
}

function thresholdByFixed({ fixed, fixedModules }: SymbolMap): number {
  let [dark, light, darks, lights] = [0, 0, 0, 0];
  for (let index = 0; index < fixedModules.length; index++) {
    const at = fixedModules[index] ?? 0;
    if (fixed[at] === 1) {
      dark += values[at] ?? 0;
      darks += 1;
    } else {
      light += values[at] ?? 0;
      lights += 1;
    }
  }
  return (dark / darks + light / lights) / 2;
}
