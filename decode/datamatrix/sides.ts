import type { GreyImage } from '../symbol-reader.ts';
import type { Care, TurnedBox } from './locate.ts';
import type { Point } from './pose.ts';

/** Places along a side at which its edge is looked for: no fraction of a size, lest all fall on like modules of a timing border. */
const STATIONS = 41;
/** Depths of a strip: those looked at, and as much beside them as the steepest tilt reaches. */
const DEPTHS_MAX = 128;
const MIDDLE = DEPTHS_MAX >> 1;
const REACH_MAX = 32;
const SLOPES: Readonly<Record<Care, number>> = { quick: 3, thorough: 8 };
/** A side may lie this share of its length beside the box, and be tilted against it by this share. */
const REACH = 0.05;
const TILT = 0.06;
/** Of a clean picture the turn is known better: steps stay as fine, the steepest tilt is this share. */
const QUICK_TILT = 3 / 8;

const drops = new Int32Array(STATIONS * DEPTHS_MAX);
const starts = new Int32Array(STATIONS);

/**
 * The corners of a symbol near a box, clockwise: each side is the straight line across which the picture turns darkest
 * from outside to inside, over its whole length. Two are the finder and nearly solid; of the two timing borders half the
 * modules are dark, and inside of them it is never again as light as outside.
 */
export function cornersNear(image: GreyImage, box: TurnedBox, care: Care): readonly [Point, Point, Point, Point] {
  const [cos, sin] = [Math.cos(box.radians), Math.sin(box.radians)];
  const point = (u: number, v: number): Point => ({ x: u * cos - v * sin, y: u * sin + v * cos });
  const corners = [
    point(box.left, box.top),
    point(box.right, box.top),
    point(box.right, box.bottom),
    point(box.left, box.bottom),
  ] as const;
  const lines = [
    edgeLine(image, corners[0], corners[1], SLOPES[care]),
    edgeLine(image, corners[1], corners[2], SLOPES[care]),
    edgeLine(image, corners[2], corners[3], SLOPES[care]),
    edgeLine(image, corners[3], corners[0], SLOPES[care]),
  ] as const;
  return [
    crossing(lines[3], lines[0]),
    crossing(lines[0], lines[1]),
    crossing(lines[1], lines[2]),
    crossing(lines[2], lines[3]),
  ];
}

interface Line {
  readonly from: Point;
  readonly to: Point;
}

/** The line near `from`–`to`, walked clockwise so that the symbol lies to the right, across which it turns darkest. */
function edgeLine({ pixels, width, height }: GreyImage, from: Point, to: Point, slopes: number): Line {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const reach = Math.min(REACH_MAX, Math.max(8, Math.ceil(length * REACH)));
  const tilt = Math.min(REACH_MAX - 2, TILT * length);
  fillDrops(pixels, width, height, from, dx, dy, length, reach);
  let best = -Infinity;
  let [bestDepth, bestTilt] = [0, 0];
  for (let slope = -slopes; slope <= slopes; slope++) {
    const tilted = (slope / slopes) * (slopes === SLOPES.quick ? QUICK_TILT : 1) * tilt;
    for (let station = 0; station < STATIONS; station++) {
      starts[station] = station * DEPTHS_MAX + MIDDLE + Math.round(tilted * ((station + 0.5) / STATIONS - 0.5));
    }
    for (let depth = -reach; depth <= reach; depth++) {
      let sum = 0;
      for (let station = 0; station < STATIONS; station++) sum += drops[(starts[station] ?? 0) + depth] ?? 0;
      if (sum > best) {
        best = sum;
        bestDepth = depth;
        bestTilt = tilted;
      }
    }
  }
  const start = bestDepth - bestTilt / 2;
  const end = bestDepth + bestTilt / 2;
  return {
    from: { x: from.x - dy * start, y: from.y + dx * start },
    to: { x: to.x - dy * end, y: to.y + dx * end },
  };
}

/** How much darker the next two pixels inwards are than the last two, at each station and depth; 0 beyond the reach. */
function fillDrops(
  pixels: Uint8Array,
  width: number,
  height: number,
  from: Point,
  dx: number,
  dy: number,
  length: number,
  reach: number,
): void {
  drops.fill(0);
  for (let station = 0; station < STATIONS; station++) {
    const along = ((station + 0.5) / STATIONS) * length;
    const [x0, y0] = [from.x + dx * along, from.y + dy * along];
    let far = 0;
    let near = 0;
    let here = 0;
    for (let depth = -reach - 2; depth <= reach + 1; depth++) {
      let x = Math.floor(x0 - dy * depth);
      let y = Math.floor(y0 + dx * depth);
      x = x < 0 ? 0 : Math.min(x, width - 1);
      y = y < 0 ? 0 : Math.min(y, height - 1);
      const level = pixels[y * width + x] ?? 0;
      // `level` is the second pixel inwards of the depth before.
      if (depth > -reach) drops[station * DEPTHS_MAX + MIDDLE + depth - 1] = far + near - here - level;
      far = near;
      near = here;
      here = level;
    }
  }
}

function crossing(first: Line, second: Line): Point {
  const [ax, ay] = [first.to.x - first.from.x, first.to.y - first.from.y];
  const [bx, by] = [second.to.x - second.from.x, second.to.y - second.from.y];
  const across = ax * by - ay * bx;
  const [cx, cy] = [second.from.x - first.from.x, second.from.y - first.from.y];
  const share = (cx * by - cy * bx) / across;
  return { x: first.from.x + ax * share, y: first.from.y + ay * share };
}
