import type { GreyImage } from '../symbol-reader.ts';
import { brightnessAt, type Pose } from './pose.ts';

/** Brightness of each module, row by row: one point in its middle. */
export function sampleCenters(
  { pixels, width, height }: GreyImage,
  pose: Pose,
  size: number,
  into: Float32Array,
): void {
  for (let row = 0; row < size; row++) {
    const v = row + 0.5;
    const stepX = pose.ux + v * pose.wx;
    const stepY = pose.uy + v * pose.wy;
    let x = pose.ox + v * pose.vx + 0.5 * stepX;
    let y = pose.oy + v * pose.vy + 0.5 * stepY;
    for (let at = row * size; at < row * size + size; at++) {
      into[at] = brightnessAt(pixels, width, height, x, y);
      x += stepX;
      y += stepY;
    }
  }
}

/** The mean of nine points within the middle half of each module: noise costs a third of what it costs one point. */
export function sampleAreas(image: GreyImage, pose: Pose, size: number, into: Float32Array): void {
  const { pixels, width, height } = image;
  for (let row = 0; row < size; row++) {
    const v = row + 0.5;
    const stepX = pose.ux + v * pose.wx;
    const stepY = pose.uy + v * pose.wy;
    let x = pose.ox + v * pose.vx + 0.5 * stepX;
    let y = pose.oy + v * pose.vy + 0.5 * stepY;
    const [ax, ay] = [stepX * SPREAD, stepY * SPREAD];
    const [bx, by] = [pose.vx * SPREAD, pose.vy * SPREAD];
    for (let at = row * size; at < row * size + size; at++) {
      let sum = brightnessAt(pixels, width, height, x, y);
      sum += brightnessAt(pixels, width, height, x + ax, y + ay) + brightnessAt(pixels, width, height, x - ax, y - ay);
      sum += brightnessAt(pixels, width, height, x + bx, y + by) + brightnessAt(pixels, width, height, x - bx, y - by);
      sum += brightnessAt(pixels, width, height, x + ax + bx, y + ay + by);
      sum += brightnessAt(pixels, width, height, x - ax - bx, y - ay - by);
      sum += brightnessAt(pixels, width, height, x + ax - bx, y + ay - by);
      sum += brightnessAt(pixels, width, height, x - ax + bx, y - ay + by);
      into[at] = sum / 9;
      x += stepX;
      y += stepY;
    }
  }
}

/** Distance of the outer points from the middle, in modules. */
const SPREAD = 0.27;
