/**
 * Where the modules of a symbol lie in the picture: (x, y) = o + u U + v V + u v W, with u and v in modules from the
 * corner between the two timing borders and the finder. W is a little perspective; a belt or a camera gives no more.
 */
export interface Pose {
  ox: number;
  oy: number;
  ux: number;
  uy: number;
  vx: number;
  vy: number;
  wx: number;
  wy: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The pose of a symbol whose corners are the given ones: origin, along u, opposite, along v. */
export function poseOfCorners(size: number, origin: Point, alongU: Point, opposite: Point, alongV: Point): Pose {
  return {
    ox: origin.x,
    oy: origin.y,
    ux: (alongU.x - origin.x) / size,
    uy: (alongU.y - origin.y) / size,
    vx: (alongV.x - origin.x) / size,
    vy: (alongV.y - origin.y) / size,
    wx: (opposite.x - alongU.x - alongV.x + origin.x) / (size * size),
    wy: (opposite.y - alongU.y - alongV.y + origin.y) / (size * size),
  };
}

export function modulePx({ ux, uy, vx, vy }: Pose): number {
  return Math.sqrt(Math.abs(ux * vy - uy * vx));
}

/** Brightness between four pixels, in 1/256 steps of place; beyond the border the nearest pixel counts. */
export function brightnessAt(pixels: Uint8Array, width: number, height: number, x: number, y: number): number {
  // The middle of a pixel lies half a pixel from its corner.
  const fx = ((x - 0.5) * 256) | 0;
  const fy = ((y - 0.5) * 256) | 0;
  let column = fx >> 8;
  let row = fy >> 8;
  let right = fx & 255;
  let below = fy & 255;
  if (column < 0) {
    column = 0;
    right = 0;
  } else if (column >= width - 1) {
    column = width - 2;
    right = 255;
  }
  if (row < 0) {
    row = 0;
    below = 0;
  } else if (row >= height - 1) {
    row = height - 2;
    below = 255;
  }
  const at = row * width + column;
  const upper = (pixels[at] ?? 0) * (256 - right) + (pixels[at + 1] ?? 0) * right;
  const lower = (pixels[at + width] ?? 0) * (256 - right) + (pixels[at + width + 1] ?? 0) * right;
  return (upper * (256 - below) + lower * below) / 65536;
}
