import type { GreyImage } from '../symbol-reader.ts';
import { brightnessAt, type Point, type Pose, poseOfCorners } from './pose.ts';
import { SIZE_MAX, SYMBOL_SIZES } from './sizes.ts';

/** A size and a turn that the borders between four corners may have. */
export interface Hypothesis {
  readonly size: number;
  /** Quarter turns clockwise. */
  readonly turn: number;
  /** How well the borders fit, 4 at best. */
  readonly score: number;
}

const samples = new Float64Array(SIZE_MAX);
const alternation = new Float64Array(4);
const solidity = new Float64Array(4);

/**
 * All sizes and turns, best first: with the right size the modules of two neighboring sides alternate and those of the
 * other two are all dark.
 */
export function hypotheses(image: GreyImage, corners: readonly Point[], ink: number, paper: number): Hypothesis[] {
  const found: Hypothesis[] = [];
  const contrast = Math.max(1, paper - ink);
  for (const { size } of SYMBOL_SIZES) {
    for (let side = 0; side < 4; side++) {
      sampleSide(image, corners, side, size);
      let alternate = 0;
      let sum = 0;
      for (let at = 0; at < size; at++) {
        alternate += at % 2 === 0 ? -(samples[at] ?? 0) : (samples[at] ?? 0);
        sum += samples[at] ?? 0;
      }
      alternation[side] = (2 * alternate) / size / contrast;
      solidity[side] = Math.min(1, (2 * (paper - sum / size)) / contrast - 1);
    }
    for (let turn = 0; turn < 4; turn++) {
      const score =
        (alternation[turn] ?? 0) -
        (alternation[(turn + 1) % 4] ?? 0) +
        (solidity[(turn + 2) % 4] ?? 0) +
        (solidity[(turn + 3) % 4] ?? 0);
      found.push({ size, turn, score });
    }
  }
  return found.sort((a, b) => b.score - a.score);
}

/** Brightness of the modules of a side, clockwise, half a module within it. */
function sampleSide({ pixels, width, height }: GreyImage, corners: readonly Point[], side: number, size: number): void {
  const [from, to] = [corners[side] ?? ORIGIN, corners[(side + 1) % 4] ?? ORIGIN];
  const [stepX, stepY] = [(to.x - from.x) / size, (to.y - from.y) / size];
  let x = from.x + 0.5 * (stepX - stepY);
  let y = from.y + 0.5 * (stepY + stepX);
  for (let at = 0; at < size; at++) {
    samples[at] = brightnessAt(pixels, width, height, x, y);
    x += stepX;
    y += stepY;
  }
}

const ORIGIN: Point = { x: 0, y: 0 };

export function poseOf({ size, turn }: Hypothesis, corners: readonly Point[]): Pose {
  const corner = (at: number) => corners[(turn + at) % 4] ?? ORIGIN;
  return poseOfCorners(size, corner(0), corner(1), corner(2), corner(3));
}
