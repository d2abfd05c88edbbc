import { SIZE_MAX } from './sizes.ts';

/** Modules along a side of a tile: 36 modules of data hold both colors in all but one of 10^10 tiles. */
const TILE = 6;
const TILES_MAX = Math.ceil(SIZE_MAX / TILE);

const tileLow = new Float32Array(TILES_MAX * TILES_MAX);
const tileHigh = new Float32Array(TILES_MAX * TILES_MAX);
const smoothLow = new Float32Array(TILES_MAX * TILES_MAX);
const smoothHigh = new Float32Array(TILES_MAX * TILES_MAX);

/**
 * Brightness of modules as 0 for the ink and 1 for the paper around them, so that neither shadow nor the color of paper
 * and ink matters. Tiles with no contrast, under a smudge, take the levels of their neighbors.
 */
export function flatten(values: Float32Array, size: number, into: Float32Array): void {
  const tiles = Math.ceil(size / TILE);
  for (let row = 0; row < tiles; row++) {
    for (let column = 0; column < tiles; column++) measureTile(values, size, row, column, tiles);
  }
  const contrast = typicalContrast(tiles * tiles);
  for (let row = 0; row < tiles; row++) {
    for (let column = 0; column < tiles; column++) smoothTile(row, column, tiles, contrast);
  }
  for (let row = 0; row < size; row++) {
    const tileRow = Math.min(tiles - 1.001, Math.max(0, (row + 0.5) / TILE - 0.5));
    const top = Math.floor(tileRow);
    const below = tileRow - top;
    for (let column = 0; column < size; column++) {
      const tileColumn = Math.min(tiles - 1.001, Math.max(0, (column + 0.5) / TILE - 0.5));
      const left = Math.floor(tileColumn);
      const right = tileColumn - left;
      const at = top * tiles + left;
      const low = mix(smoothLow, at, tiles, right, below);
      const high = mix(smoothHigh, at, tiles, right, below);
      into[row * size + column] = ((values[row * size + column] ?? 0) - low) / Math.max(1, high - low);
    }
  }
}

function mix(levels: Float32Array, at: number, tiles: number, right: number, below: number): number {
  const upper = (levels[at] ?? 0) * (1 - right) + (levels[at + 1] ?? 0) * right;
  const lower = (levels[at + tiles] ?? 0) * (1 - right) + (levels[at + tiles + 1] ?? 0) * right;
  return upper * (1 - below) + lower * below;
}

/** The means of what is darker and of what is lighter than the middle between them. */
function measureTile(values: Float32Array, size: number, tileRow: number, tileColumn: number, tiles: number): void {
  const [lastRow, lastColumn] = [Math.min(size, (tileRow + 1) * TILE), Math.min(size, (tileColumn + 1) * TILE)];
  const [firstRow, firstColumn] = [lastRow - TILE, lastColumn - TILE];
  let [low, high] = [0, 0];
  let middle = 0;
  for (let round = 0; round < 3; round++) {
    let [sumLow, countLow, sumHigh, countHigh] = [0, 0, 0, 0];
    for (let row = firstRow; row < lastRow; row++) {
      for (let at = row * size + firstColumn; at < row * size + lastColumn; at++) {
        const value = values[at] ?? 0;
        if (round === 0 || value > middle) {
          sumHigh += value;
          countHigh += 1;
        } else {
          sumLow += value;
          countLow += 1;
        }
      }
    }
    if (round === 0) {
      middle = sumHigh / countHigh;
      continue;
    }
    low = countLow === 0 ? middle : sumLow / countLow;
    high = countHigh === 0 ? middle : sumHigh / countHigh;
    middle = (low + high) / 2;
  }
  tileLow[tileRow * tiles + tileColumn] = low;
  tileHigh[tileRow * tiles + tileColumn] = high;
}

function typicalContrast(tiles: number): number {
  const contrasts = Array.from({ length: tiles }, (_, tile) => (tileHigh[tile] ?? 0) - (tileLow[tile] ?? 0));
  return contrasts.sort((a, b) => a - b)[tiles >> 1] ?? 0;
}

/** The mean of a tile and its neighbors, as far as they have half the typical contrast relative to their light. */
function smoothTile(row: number, column: number, tiles: number, contrast: number): void {
  let [low, high, total] = [0, 0, 0];
  for (let reach = 1; total === 0 && reach <= tiles; reach++) {
    for (let y = Math.max(0, row - reach); y <= Math.min(tiles - 1, row + reach); y++) {
      for (let x = Math.max(0, column - reach); x <= Math.min(tiles - 1, column + reach); x++) {
        const tile = y * tiles + x;
        const own = (tileHigh[tile] ?? 0) - (tileLow[tile] ?? 0);
        if (own < 0.3 * contrast) continue;
        const weight = y === row && x === column ? 4 : y === row || x === column ? 2 : 1;
        low += weight * (tileLow[tile] ?? 0);
        high += weight * (tileHigh[tile] ?? 0);
        total += weight;
      }
    }
  }
  smoothLow[row * tiles + column] = total === 0 ? 0 : low / total;
  smoothHigh[row * tiles + column] = total === 0 ? 255 : high / total;
}
