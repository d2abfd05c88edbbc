import type { GreyImage } from '../symbol-reader.ts';
import { brightnessAt, type Pose } from './pose.ts';
import type { SymbolMap } from './symbol-map.ts';

/** Terms of the shift along one axis: constant, u, v and u v, in halves of the symbol from its middle; and the ink. */
const TERMS = 5;
const normal = new Float64Array(TERMS * TERMS * 2);
const right = new Float64Array(TERMS * 2);
const solution = new Float64Array(TERMS * 2);
const term = new Float64Array(TERMS);

/** Shifts beyond this, in modules, are of something else than the border. */
const RESIDUAL_MAX = 0.5;
/** Keeps terms that few borders speak of near what they are. */
const RIDGE = 0.02;

/**
 * Gauss and Newton on all borders that are in every symbol of the size: each says how far it lies from where the pose
 * puts it, and the pose moves by the smooth shift that fits them best. Contrast is taken at each border, so that shadows
 * do not matter. Returns the share of borders that were seen.
 */
export function refinePose(
  image: GreyImage,
  map: SymbolMap,
  pose: Pose,
  rounds: number,
  contrastMin: number,
  stride: number,
): number {
  const { pixels, width, height } = image;
  const { edges, size } = map;
  const half = size / 2;
  let seen = 0;
  for (let round = 0; round < rounds; round++) {
    normal.fill(0);
    right.fill(0);
    seen = 0;
    // The last rounds trust what lies near.
    const reach = round === 0 ? RESIDUAL_MAX : RESIDUAL_MAX * 0.7;
    for (let index = 0; index < edges.length; index += stride) {
      const edge = edges[index];
      if (edge === undefined) break;
      const { u, v, towardsU, towardsV } = edge;
      const x = pose.ox + u * pose.ux + v * pose.vx + u * v * pose.wx;
      const y = pose.oy + u * pose.uy + v * pose.vy + u * v * pose.wy;
      // A quarter of a module towards the dark side.
      const stepX = 0.25 * (towardsU * (pose.ux + v * pose.wx) + towardsV * (pose.vx + u * pose.wx));
      const stepY = 0.25 * (towardsU * (pose.uy + v * pose.wy) + towardsV * (pose.vy + u * pose.wy));
      const light = brightnessAt(pixels, width, height, x - 2 * stepX, y - 2 * stepY);
      const dark = brightnessAt(pixels, width, height, x + 2 * stepX, y + 2 * stepY);
      const contrast = light - dark;
      if (contrast < contrastMin) continue;
      const between =
        brightnessAt(pixels, width, height, x - stepX, y - stepY) +
        brightnessAt(pixels, width, height, x, y) +
        brightnessAt(pixels, width, height, x + stepX, y + stepY) +
        (light + dark) / 2;
      // The share of the five that is light tells where the border lies, blurred or not.
      const shift = (between / 4 - dark) / contrast - 0.5;
      if (shift > reach || shift < -reach) continue;
      seen += 1;
      const axis = towardsU !== 0 ? 0 : 1;
      const target = shift * (axis === 0 ? towardsU : towardsV);
      const weight = 1 - (shift / reach) ** 2 * 0.8;
      term[0] = 1;
      term[1] = u / half - 1;
      term[2] = v / half - 1;
      term[3] = (term[1] ?? 0) * (term[2] ?? 0);
      // Ink that spreads moves every border towards its light side, which is not a shift of the symbol.
      term[4] = axis === 0 ? towardsU : towardsV;
      for (let i = 0; i < TERMS; i++) {
        const factor = weight * (term[i] ?? 0);
        right[axis * TERMS + i] = (right[axis * TERMS + i] ?? 0) + factor * target;
        for (let j = 0; j <= i; j++) {
          const at = (axis * TERMS + i) * TERMS + j;
          normal[at] = (normal[at] ?? 0) + factor * (term[j] ?? 0);
        }
      }
    }
    if (seen < 8) return 0;
    solve(0, seen);
    solve(1, seen);
    move(pose, half);
  }
  return (seen * stride) / edges.length;
}

/** Cholesky on one axis. */
function solve(axis: number, seen: number): void {
  const base = axis * TERMS * TERMS;
  const cell = (row: number, column: number) => normal[base + row * TERMS + column] ?? 0;
  for (let i = 0; i < TERMS; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = cell(i, j) + (i === j ? RIDGE * seen : 0);
      for (let k = 0; k < j; k++) sum -= cell(i, k) * cell(j, k);
      normal[base + i * TERMS + j] = i === j ? Math.sqrt(Math.max(sum, 1e-9)) : sum / cell(j, j);
    }
  }
  const at = axis * TERMS;
  for (let i = 0; i < TERMS; i++) {
    let sum = right[at + i] ?? 0;
    for (let k = 0; k < i; k++) sum -= cell(i, k) * (solution[at + k] ?? 0);
    solution[at + i] = sum / cell(i, i);
  }
  for (let i = TERMS - 1; i >= 0; i--) {
    let sum = solution[at + i] ?? 0;
    for (let k = i + 1; k < TERMS; k++) sum -= cell(k, i) * (solution[at + k] ?? 0);
    solution[at + i] = sum / cell(i, i);
  }
}

/** Moves what the pose calls (u, v) by the solution, to the first order. */
function move(pose: Pose, half: number): void {
  const shiftAt = (axis: number, u: number, v: number): number => {
    const [a, b] = [u / half - 1, v / half - 1];
    const at = axis * TERMS;
    return (
      (solution[at] ?? 0) + (solution[at + 1] ?? 0) * a + (solution[at + 2] ?? 0) * b + (solution[at + 3] ?? 0) * a * b
    );
  };
  const size = 2 * half;
  const moved = (u: number, v: number): [number, number] => {
    const [su, sv] = [u + shiftAt(0, u, v), v + shiftAt(1, u, v)];
    return [
      pose.ox + su * pose.ux + sv * pose.vx + su * sv * pose.wx,
      pose.oy + su * pose.uy + sv * pose.vy + su * sv * pose.wy,
    ];
  };
  const [ox, oy] = moved(0, 0);
  const [ax, ay] = moved(size, 0);
  const [bx, by] = moved(0, size);
  const [cx, cy] = moved(size, size);
  pose.ox = ox;
  pose.oy = oy;
  pose.ux = (ax - ox) / size;
  pose.uy = (ay - oy) / size;
  pose.vx = (bx - ox) / size;
  pose.vy = (by - oy) / size;
  pose.wx = (cx - ax - bx + ox) / (size * size);
  pose.wy = (cy - ay - by + oy) / (size * size);
}
