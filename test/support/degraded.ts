import bwipjs from 'bwip-js/node';
import { addNoise } from '../../psd-sim/print/camera.ts';
import { Random } from '../../psd-sim/random.ts';

/** A symbol as modules without quiet zone; 1 is dark. */
export interface Modules {
  readonly size: number;
  readonly dark: Uint8Array;
}

export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** What happened to a printed symbol. Lengths are in modules, angles in degrees, brightness from 0 to 255. */
export interface Damage {
  readonly degrees?: readonly [number, number];
  /** Any of the four ways in which a piece lies on the belt, beside the degrees. */
  readonly anyTurn?: boolean;
  /** A mark of drops: round modules that do not touch where they are thin. */
  readonly round?: boolean;
  /** Height of a module over its width: a belt that runs faster or slower than the printer thinks. */
  readonly stretch?: readonly [number, number];
  /** Length over which the piece moved while it was taken, along the belt. */
  readonly motion?: readonly [number, number];
  /** Bands of a print head, a module or more wide, by how much paler their ink is, from 0 to 1. */
  readonly bands?: readonly [number, number];
  /** Share of modules that were not printed, or were where none is. */
  readonly flipped?: readonly [number, number];
  /** Standard deviation of the lens. */
  readonly blur?: readonly [number, number];
  readonly noise?: readonly [number, number];
  readonly ink?: readonly [number, number];
  readonly paper?: readonly [number, number];
  /** How far each edge of a dark module is printed beyond its place; below 0, short of it. */
  readonly dotGain?: number;
  /** Standard deviation of the place of each module. */
  readonly jitter?: number;
  readonly smudges?: number;
  /** Share of the symbol that all smudges together cover. */
  readonly smudgedArea?: readonly [number, number];
  readonly deadLines?: readonly [number, number];
  /** Share of the width that the cancellation lines reach over. */
  readonly cancelled?: number;
  readonly scratches?: number;
  readonly shadow?: boolean;
  readonly brokenTiming?: boolean;
  readonly printBeside?: boolean;
  readonly inverted?: boolean;
}

/** A square Data Matrix of a given size, by another writer than the simulator's. */
export function squareSymbol(payload: Uint8Array, size: number): Modules {
  const [symbol] = bwipjs.raw(
    'datamatrix',
    Buffer.from(payload).toString('latin1'),
    `binarytext version=${size}x${size}`,
  );
  if (symbol === undefined || !('pixs' in symbol) || symbol.pixx !== size) throw new Error(`no symbol of ${size}`);
  return { size, dark: Uint8Array.from(symbol.pixs) };
}

/** A spot of ink or of paper in the coordinates of the symbol. */
interface Spot {
  readonly covers: (u: number, v: number) => boolean;
  readonly coverage: 0 | 1;
  readonly opacity: number;
}

const SUPERSAMPLES = 3;
/** A round module covers about what a square one does. */
const ROUND = 1.13;

/** Paints the damaged symbol into a picture, its middle at a given pixel; the same seed gives the same picture. */
export function paintSymbol(
  target: GreyPicture,
  symbol: Modules,
  modulePx: number,
  center: { readonly x: number; readonly y: number },
  damage: Damage,
  seed: string,
): void {
  const random = new Random(seed);
  const range = ([min, max]: readonly [number, number]) => random.between(min, max);
  const { size } = symbol;
  const turned = damage.anyTurn === true ? 90 * random.int(0, 3) : 0;
  const radians = ((turned + range(damage.degrees ?? [0, 0])) * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians) / modulePx, Math.sin(radians) / modulePx];
  const stretch = damage.stretch === undefined ? 1 : range(damage.stretch);
  const ink = range(damage.ink ?? [20, 60]);
  const paper = range(damage.paper ?? [225, 250]);
  const grow = 0.5 + (damage.dotGain ?? 0);
  const places = Float32Array.from({ length: 2 * size * size }, () =>
    damage.jitter === undefined ? 0 : random.gaussian() * damage.jitter,
  );
  const flips = damage.flipped === undefined ? 0 : Math.round(range(damage.flipped) * size * size);
  const flipped = new Set(Array.from({ length: flips }, () => random.int(0, size * size - 1)));
  const isInk = (u: number, v: number): boolean => {
    const [column, row] = [Math.floor(u), Math.floor(v)];
    for (let y = Math.max(0, row - 1); y <= Math.min(size - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(size - 1, column + 1); x++) {
        const at = y * size + x;
        if ((symbol.dark[at] === 1) === flipped.has(at)) continue;
        const du = Math.abs(u - x - 0.5 - (places[2 * at] ?? 0));
        const dv = Math.abs(v - y - 0.5 - (places[2 * at + 1] ?? 0));
        if (damage.round === true ? Math.hypot(du, dv) < ROUND * grow : du < grow && dv < grow) return true;
      }
    }
    return false;
  };
  const spots = spotsOf(size, damage, random);
  const reach = Math.ceil((size / 2 + 14) * modulePx * Math.SQRT2);
  for (let y = Math.max(0, Math.floor(center.y - reach)); y < Math.min(target.height, center.y + reach); y++) {
    for (let x = Math.max(0, Math.floor(center.x - reach)); x < Math.min(target.width, center.x + reach); x++) {
      let covered = 0;
      for (let sub = 0; sub < SUPERSAMPLES ** 2; sub++) {
        const dx = x + ((sub % SUPERSAMPLES) + 0.5) / SUPERSAMPLES - center.x;
        const dy = y + (Math.floor(sub / SUPERSAMPLES) + 0.5) / SUPERSAMPLES - center.y;
        const u = dx * cos + dy * sin + size / 2;
        const v = (-dx * sin + dy * cos) / stretch + size / 2;
        if (u < -14 || v < -14 || u > size + 14 || v > size + 14) continue;
        let amount = isInk(u, v) ? 1 : 0;
        for (const { covers, coverage, opacity } of spots) {
          if (covers(u, v)) amount += (coverage - amount) * opacity;
        }
        covered += amount;
      }
      const amount = covered / SUPERSAMPLES ** 2;
      const at = y * target.width + x;
      // What is printed beside the symbol stays.
      const ground = damage.inverted === true ? ink : (target.pixels[at] ?? 0);
      const figure = damage.inverted === true ? paper : ink;
      target.pixels[at] = Math.round(ground + (figure - ground) * amount);
    }
  }
}

function spotsOf(size: number, damage: Damage, random: Random): Spot[] {
  const spots: Spot[] = [];
  const wiped: Spot[] = [];
  const count = ([min, max]: readonly [number, number]) => random.int(min, max);
  if (damage.deadLines !== undefined) {
    const along = random.int(0, 1);
    for (let line = count(damage.deadLines); line > 0; line--) {
      const at = random.between(2, size - 2);
      const half = random.between(0.3, 0.5);
      wiped.push({ covers: (u, v) => Math.abs((along === 0 ? v : u) - at) < half, coverage: 0, opacity: 1 });
    }
  }
  for (let scratch = damage.scratches ?? 0; scratch > 0; scratch--) {
    const angle = random.between(0, Math.PI);
    const [nx, ny] = [Math.cos(angle), Math.sin(angle)];
    const [u0, v0] = [random.between(0.3, 0.7) * size, random.between(0.3, 0.7) * size];
    const half = random.between(0.5, 0.9);
    wiped.push({ covers: (u, v) => Math.abs((u - u0) * nx + (v - v0) * ny) < half, coverage: 0, opacity: 0.95 });
  }
  if (damage.brokenTiming === true) {
    for (const onTop of [true, false]) {
      const start = random.between(0.1, 0.6) * size;
      const end = start + random.between(0.2, 0.35) * size;
      wiped.push({
        covers: (u, v) =>
          onTop
            ? v > -0.2 && v < 1.2 && u > start && u < end
            : u > size - 1.2 && u < size + 0.2 && v > start && v < end,
        coverage: random.int(0, 1) === 0 ? 0 : 1,
        opacity: 1,
      });
    }
  }
  if (damage.bands !== undefined) {
    for (let at = random.between(0, 6); at < size; at += random.between(3, 8)) {
      const start = at;
      const end = at + random.between(0.8, 2.5);
      const opacity = random.between(...damage.bands);
      wiped.push({ covers: (_, v) => v > start && v < end, coverage: 0, opacity });
    }
  }
  spots.push(...wiped, ...smudgesOf(size, damage, random));
  if (damage.cancelled !== undefined) {
    const phase = random.between(0, 2 * Math.PI);
    const wave = random.between(10, 18);
    const fromLeft = random.int(0, 1) === 0;
    const reach = damage.cancelled * size;
    for (let line = 0; line < 6; line++) {
      const at = ((line + 0.5) / 6) * size + random.between(-0.5, 0.5);
      const half = random.between(0.45, 0.6);
      spots.push({
        covers: (u, v) =>
          (fromLeft ? u < reach : u > size - reach) &&
          Math.abs(v - at - 1.5 * Math.sin(u / (wave / 6.28) + phase)) < half,
        coverage: 1,
        opacity: 0.9,
      });
    }
  }
  if (damage.printBeside === true) {
    for (let stroke = 0; stroke < 24; stroke++) {
      const side = random.int(0, 3);
      const at = random.between(0, size);
      const far = random.between(0.6, 1.6);
      const [wide, high] = [random.between(0.5, 3), random.between(0.5, 6)];
      spots.push({
        covers: (u, v) => {
          const [out, along] = side === 0 ? [-u, v] : side === 1 ? [u - size, v] : side === 2 ? [-v, u] : [v - size, u];
          return out > far && out < far + high && Math.abs(along - at) < wide / 2;
        },
        coverage: 1,
        opacity: 1,
      });
    }
  }
  return spots;
}

/** Ellipses of ink whose areas add up to the share asked for; they may hang over the border. */
function smudgesOf(size: number, damage: Damage, random: Random): Spot[] {
  const smudges = damage.smudges ?? 0;
  const [min, max] = damage.smudgedArea ?? [0.02, 0.04];
  const area = (random.between(min, max) * size * size) / Math.max(1, smudges);
  return Array.from({ length: smudges }, () => {
    const aspect = random.between(1, 5);
    const radiusV = Math.sqrt(area / Math.PI / aspect);
    const radiusU = radiusV * aspect;
    const [u0, v0] = [random.between(0.08, 0.92) * size, random.between(0.08, 0.92) * size];
    const tilt = random.between(-0.5, 0.5);
    const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
    return {
      covers: (u: number, v: number) => {
        const a = ((u - u0) * cos + (v - v0) * sin) / radiusU;
        const b = ((v - v0) * cos - (u - u0) * sin) / radiusV;
        return a * a + b * b < 1;
      },
      coverage: 1,
      opacity: random.between(0.85, 1),
    };
  });
}

/** What the camera does to the whole picture. */
export function expose(picture: GreyPicture, modulePx: number, damage: Damage, seed: string): void {
  const random = new Random(`${seed} camera`);
  const range = ([min, max]: readonly [number, number]) => random.between(min, max);
  if (damage.shadow === true) castShadow(picture, random);
  const motion = damage.motion === undefined ? 0 : Math.round(range(damage.motion) * modulePx);
  if (motion > 1) smear(picture, motion);
  const blur = range(damage.blur ?? [0, 0]) * modulePx;
  if (blur > 0.05) gaussianBlur(picture, blur);
  const noise = range(damage.noise ?? [0, 0]);
  if (noise > 0) addNoise(picture.pixels, noise, random);
}

/** A soft edge across the picture, beyond which it has 35 to 55 % of its light. */
function castShadow({ width, height, pixels }: GreyPicture, random: Random): void {
  const angle = random.between(0, 2 * Math.PI);
  const [nx, ny] = [Math.cos(angle), Math.sin(angle)];
  const edge = random.between(-0.15, 0.15) * width;
  const soft = random.between(0.03, 0.2) * width;
  const light = random.between(0.35, 0.55);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const far = ((x - width / 2) * nx + (y - height / 2) * ny - edge) / soft;
      const lit = light + (1 - light) / (1 + Math.exp(-4 * far));
      pixels[y * width + x] = Math.round((pixels[y * width + x] ?? 0) * lit);
    }
  }
}

/** Each pixel becomes the mean of those that passed it. */
function smear({ width, height, pixels }: GreyPicture, length: number): void {
  for (let y = 0; y < height; y++) {
    const row = pixels.slice(y * width, (y + 1) * width);
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let tap = 0; tap < length; tap++) {
        sum += row[Math.min(width - 1, Math.max(0, x + tap - (length >> 1)))] ?? 0;
      }
      pixels[y * width + x] = Math.round(sum / length);
    }
  }
}

function gaussianBlur({ width, height, pixels }: GreyPicture, deviation: number): void {
  const reach = Math.ceil(3 * deviation);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, at) =>
    Math.exp(-((at - reach) ** 2) / (2 * deviation ** 2)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const rows = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let tap = -reach; tap <= reach; tap++) {
        const from = Math.min(width - 1, Math.max(0, x + tap));
        sum += (kernel[tap + reach] ?? 0) * (pixels[y * width + from] ?? 0);
      }
      rows[y * width + x] = sum / total;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let tap = -reach; tap <= reach; tap++) {
        const from = Math.min(height - 1, Math.max(0, y + tap));
        sum += (kernel[tap + reach] ?? 0) * (rows[from * width + x] ?? 0);
      }
      pixels[y * width + x] = Math.round(sum / total);
    }
  }
}

/** A tight crop around the symbol: 3 to 5 pixels a module, the quiet zone and a little more around it. */
export function degradedCrop(symbol: Modules, damage: Damage, seed: string): GreyPicture {
  const random = new Random(`${seed} crop`);
  const modulePx = random.between(3, 5);
  const turned = Math.max(Math.abs(damage.degrees?.[0] ?? 0), Math.abs(damage.degrees?.[1] ?? 0)) * (Math.PI / 180);
  const margin = 4 + (symbol.size / 2) * Math.sin(turned);
  const side = Math.ceil((symbol.size + 2 * margin) * modulePx);
  const paper = random.between(...(damage.paper ?? [225, 250]));
  const picture = { width: side, height: side, pixels: new Uint8Array(side * side).fill(paper) };
  const center = {
    x: side / 2 + random.between(-1.5, 1.5) * modulePx,
    y: side / 2 + random.between(-1.5, 1.5) * modulePx,
  };
  paintSymbol(picture, symbol, modulePx, center, { ...damage, paper: [paper, paper] }, seed);
  expose(picture, modulePx, damage, seed);
  return picture;
}
