import { levelOf, strongFrom } from './energy.ts';
import type { GreyImage } from './symbol-reader.ts';

/** A square of a picture that looks like a matrix symbol. Pixels. */
export interface SquareBox {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

const CELL_PX = 8;
/** Sides of the windows, in cells: 24 modules of 3 pixels to 64 of 7. */
const WINDOWS = [9, 12, 16, 20, 25, 32, 42, 56];
const CELLS_MAX = 1 << 18;
/** A window with fewer active cells is not a matrix: even the worst smudges leave borders. */
const FILL_MIN = 0.55;
/** Nothing is printed on paper whose strongest cells have less: 18 steps of 5. */
const ENERGY_MIN = 90;

const energies = new Float32Array(CELLS_MAX);
const active = new Uint8Array(CELLS_MAX);
const sums = new Int32Array(CELLS_MAX);

/**
 * Where on a face a matrix may be, most likely first: a square filled with strong steps of brightness, with less of them
 * around it. Contrast is local, so that shadows do not hide a mark. Logos and text may rank, too: try several.
 */
export function locateBoxes(image: GreyImage, boxesMax: number): SquareBox[] {
  const columns = Math.floor(image.width / CELL_PX);
  const rows = Math.floor(image.height / CELL_PX);
  if (columns < 6 || rows < 6 || (columns + 1) * (rows + 1) > CELLS_MAX) return [];
  measureCells(image, columns, rows);
  sumUp(columns, rows);
  const windows = WINDOWS.filter((side) => side <= Math.min(columns, rows));
  const scores = windows.map((side) => scoresOf(columns, rows, side));
  const boxes: SquareBox[] = [];
  while (boxes.length < boxesMax) {
    const box = bestBesides(boxes, columns, windows, scores);
    if (box === null) break;
    boxes.push(box);
  }
  return boxes;
}

/**
 * The first of the best windows that is not one of those found. A noisy picture has a million windows: looking through
 * their scores five times takes a tenth of the time of sorting them.
 */
function bestBesides(
  boxes: readonly SquareBox[],
  columns: number,
  windows: readonly number[],
  scores: readonly Float64Array[],
): SquareBox | null {
  let best: SquareBox | null = null;
  let bestScore = NO_MATRIX;
  for (const [index, side] of windows.entries()) {
    const across = columns - side + 1;
    const ofSide = scores[index] ?? new Float64Array(0);
    for (let at = 0; at < ofSide.length; at++) {
      const score = ofSide[at] ?? NO_MATRIX;
      if (score <= bestScore) continue;
      const [row, column] = [Math.floor(at / across), at % across];
      const box = { left: column * CELL_PX, top: row * CELL_PX, side: side * CELL_PX };
      if (boxes.some((other) => isSame(box, other))) {
        // It stays one of them for good.
        ofSide[at] = NO_MATRIX;
        continue;
      }
      best = box;
      bestScore = score;
    }
  }
  return best;
}

/** Two windows are of one symbol when the middle of either lies in the other. */
function isSame(a: SquareBox, b: SquareBox): boolean {
  const dx = Math.abs(a.left + a.side / 2 - b.left - b.side / 2);
  const dy = Math.abs(a.top + a.side / 2 - b.top - b.side / 2);
  return Math.max(dx, dy) < Math.max(a.side, b.side) / 2;
}

/** A cell is active when brightness changes in it, from pixel to pixel but one, more than in the usual cell. */
function measureCells({ pixels, width }: GreyImage, columns: number, rows: number): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const corner = row * CELL_PX * width + column * CELL_PX;
      let steps = 0;
      for (let y = 0; y < CELL_PX - 2; y += 2) {
        for (let at = corner + y * width, end = at + CELL_PX - 2; at < end; at += 2) {
          const level = pixels[at] ?? 0;
          steps += Math.abs(level - (pixels[at + 2] ?? 0)) + Math.abs(level - (pixels[at + 2 * width] ?? 0));
        }
      }
      energies[row * columns + column] = steps;
    }
  }
  const strong = Math.max(levelOf(ENERGY_MIN), strongFrom(energies, columns * rows));
  for (let cell = 0; cell < columns * rows; cell++) active[cell] = levelOf(energies[cell] ?? 0) >= strong ? 1 : 0;
}

function sumUp(columns: number, rows: number): void {
  const stride = columns + 1;
  sums.fill(0, 0, stride);
  for (let row = 0; row < rows; row++) {
    let line = 0;
    sums[(row + 1) * stride] = 0;
    for (let column = 0; column < columns; column++) {
      line += active[row * columns + column] ?? 0;
      sums[(row + 1) * stride + column + 1] = (sums[row * stride + column + 1] ?? 0) + line;
    }
  }
}

function sumOf(stride: number, left: number, top: number, right: number, bottom: number): number {
  return (
    (sums[bottom * stride + right] ?? 0) -
    (sums[top * stride + right] ?? 0) -
    (sums[bottom * stride + left] ?? 0) +
    (sums[top * stride + left] ?? 0)
  );
}

/** Worse than any score. */
const NO_MATRIX = -1;

/** A score for each window of a side, row by row. */
function scoresOf(columns: number, rows: number, side: number): Float64Array {
  const stride = columns + 1;
  const area = side * side;
  const across = columns - side + 1;
  const scores = new Float64Array(across * (rows - side + 1)).fill(NO_MATRIX);
  for (let top = 0; top + side <= rows; top++) {
    for (let left = 0; left + side <= columns; left++) {
      const inside = sumOf(stride, left, top, left + side, top + side);
      if (inside < FILL_MIN * area) continue;
      const [l, t] = [Math.max(0, left - 2), Math.max(0, top - 2)];
      const [r, b] = [Math.min(columns, left + side + 2), Math.min(rows, top + side + 2)];
      const ringArea = (r - l) * (b - t) - area;
      const ring = ringArea === 0 ? 0 : (sumOf(stride, l, t, r, b) - inside) / ringArea;
      scores[top * across + left] = (inside / area) ** 2 * (1 - ring) * Math.sqrt(side);
    }
  }
  return scores;
}
