import type { GreyImage } from '../symbol-reader.ts';
import { refinePose } from './fit.ts';
import type { Grid } from './grid.ts';
import { type Hypothesis, poseOf } from './orient.ts';
import { type Point, type Pose, poseOfCorners } from './pose.ts';
import { mapOfSize } from './symbol-map.ts';

/** A fitted grid, with the share of its borders that is seen on the picture. */
export interface Start extends Grid {
  readonly seen: number;
}

const HYPOTHESES_MAX = 8;
/** Share of the borders that a wrong grid happens to show, the two sides of the finder included. */
const SEEN_BY_CHANCE = 0.55;

/**
 * Sizes and turns whose borders alternate, best fit first: under strong blur the score before a fit tells little.
 */
export function fittedHypotheses(
  image: GreyImage,
  corners: readonly Point[],
  ranked: readonly Hypothesis[],
  contrastMin: number,
): Start[] {
  const starts = ranked.slice(0, HYPOTHESES_MAX).map((hypothesis) => {
    const map = mapOfSize(hypothesis.size);
    const pose = poseOf(hypothesis, corners);
    const seen = refinePose(image, map, pose, 2, contrastMin, 2);
    return { map, pose, seen };
  });
  return starts.sort((a, b) => evidenceOf(b) - evidenceOf(a));
}

/** How much the borders speak for a grid: more of them are harder to meet by chance. */
export function evidenceOf({ map, seen }: Start): number {
  return (seen - SEEN_BY_CHANCE) * Math.sqrt(map.edges.length);
}

/** Modules by which a single side may lie elsewhere: print close beside it, or a border that is gone. */
const SIDE_SHIFTS = [-4, -3, -2, -1, 1, 2, 3, 4];
/** Two sides at once. */
const PAIR_SHIFTS = [-1, 1];
const SIDE_PAIRS = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const;

/** Grids of the same size and turn with other sides, those that show the most borders first. */
export function shiftedStarts(image: GreyImage, { map, pose }: Start, contrastMin: number): Start[] {
  const starts: Start[] = [];
  const shifts = [0, 0, 0, 0];
  const tryShifts = () => {
    const [left = 0, right = 0, top = 0, bottom = 0] = shifts;
    const shifted = shiftSides(pose, map.size, left, right, top, bottom);
    starts.push({ map, pose: shifted, seen: refinePose(image, map, shifted, 1, contrastMin, 3) });
  };
  for (let side = 0; side < 4; side++) {
    for (const shift of SIDE_SHIFTS) {
      shifts[side] = shift;
      tryShifts();
    }
    shifts[side] = 0;
  }
  for (const [first, second] of SIDE_PAIRS) {
    for (const firstShift of PAIR_SHIFTS) {
      for (const secondShift of PAIR_SHIFTS) {
        shifts[first] = firstShift;
        shifts[second] = secondShift;
        tryShifts();
      }
    }
    shifts[first] = 0;
    shifts[second] = 0;
  }
  return starts.sort((a, b) => b.seen - a.seen);
}

function shiftSides(pose: Pose, size: number, left: number, right: number, top: number, bottom: number): Pose {
  const at = (u: number, v: number): Point => ({
    x: pose.ox + u * pose.ux + v * pose.vx + u * v * pose.wx,
    y: pose.oy + u * pose.uy + v * pose.vy + u * v * pose.wy,
  });
  return poseOfCorners(
    size,
    at(left, top),
    at(size + right, top),
    at(size + right, size + bottom),
    at(left, size + bottom),
  );
}
