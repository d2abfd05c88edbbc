import { readMatrix } from '../decode/datamatrix/read-matrix.ts';
import { MatrixSearch } from '../decode/datamatrix/search.ts';
import { SYMBOL_SIZES } from '../decode/datamatrix/sizes.ts';
import { symbolMap } from '../decode/datamatrix/symbol-map.ts';
import { Random } from '../psd-sim/random.ts';
import { count, markdownTable } from './table.ts';

const PICTURES = Number(process.env.INDICIA_FALSE_READINGS ?? 2_000);
const MODULE_PX = 4;
const QUIET = 4;
const TRIES_MAX = 100;

/**
 * Pictures that hold no message at all, drawn fast: all borders of a symbol with random modules between them, and plain
 * noise. Any reading of them is wrong.
 */
export function benchNoise(): void {
  const random = new Random('false readings');
  let [readings, tries] = [0, 0];
  for (let picture = 0; picture < PICTURES; picture++) {
    const search = new MatrixSearch(TRIES_MAX);
    if (readMatrix(picture % 4 === 3 ? noise(random) : randomModules(random), search) !== null) readings += 1;
    tries += search.tries;
  }
  process.stdout.write('\n### False readings: pictures without a message\n\n');
  process.stdout.write(
    markdownTable(['pictures', 'tries of error correction', 'read'], [[count(PICTURES), count(tries), `${readings}`]]),
  );
}

function randomModules(random: Random) {
  const { size, fixed } = symbolMap(random.pick(SYMBOL_SIZES));
  const side = (size + 2 * QUIET) * MODULE_PX;
  const pixels = new Uint8Array(side * side).fill(235);
  let bits = 0;
  let left = 0;
  for (let module = 0; module < size * size; module++) {
    if (left === 0) {
      bits = random.int(0, 2 ** 24 - 1);
      left = 24;
    }
    const color = fixed[module] === -1 ? bits & 1 : fixed[module];
    bits >>= 1;
    left -= 1;
    if (color !== 1) continue;
    const corner = (Math.floor(module / size) + QUIET) * MODULE_PX * side + ((module % size) + QUIET) * MODULE_PX;
    for (let y = 0; y < MODULE_PX; y++) pixels.fill(40, corner + y * side, corner + y * side + MODULE_PX);
  }
  return { width: side, height: side, pixels };
}

function noise(random: Random) {
  const side = 160;
  const pixels = new Uint8Array(side * side);
  for (let at = 0; at < pixels.length; at += 3) {
    const bits = random.int(0, 2 ** 24 - 1);
    pixels.set([bits & 255, (bits >> 8) & 255, bits >> 16], Math.min(at, pixels.length - 3));
  }
  return { width: side, height: side, pixels };
}
