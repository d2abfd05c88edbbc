import { placeBits } from './placement.ts';
import { SYMBOL_SIZES, type SymbolSize } from './sizes.ts';

/** What is known of a symbol of one size before any of it is read. Modules are numbered row by row from the top left. */
export interface SymbolMap extends SymbolSize {
  readonly codewords: number;
  /** Entry 8 c + b: the module that holds bit b of codeword c. */
  readonly bitModules: Int32Array;
  /** Codeword of a module; -1 for those that are fixed. */
  readonly codewordOf: Int32Array;
  /** Finder, timing and inner borders: 1 dark, 0 light, -1 for data. */
  readonly fixed: Int8Array;
  readonly fixedModules: Int32Array;
  readonly edges: readonly Edge[];
}

/** A border between a dark and a light module that is in every symbol of the size, in modules. */
interface Edge {
  readonly u: number;
  readonly v: number;
  /** Direction towards the dark side: one of them is ±1, the other 0. */
  readonly towardsU: number;
  readonly towardsV: number;
}

const maps = new Map<number, SymbolMap>();

export function symbolMap(size: SymbolSize): SymbolMap {
  let map = maps.get(size.size);
  if (map === undefined) {
    map = buildMap(size);
    maps.set(size.size, map);
  }
  return map;
}

export function mapOfSize(size: number): SymbolMap {
  const found = SYMBOL_SIZES.find((entry) => entry.size === size);
  if (found === undefined) throw new RangeError(`no symbol of ${size} modules is read here`);
  return symbolMap(found);
}

function buildMap(symbol: SymbolSize): SymbolMap {
  const { size, regions, dataCodewords, errorCodewords } = symbol;
  const region = size / regions;
  const inner = region - 2;
  const mappingSide = inner * regions;
  const codewords = dataCodewords + errorCodewords;
  const places = placeBits(mappingSide);
  const codewordOf = new Int32Array(size * size).fill(-1);
  const bitModules = Int32Array.from({ length: 8 * codewords }, (_, bit) => {
    const place = places[bit] ?? 0;
    const [x, y] = [place % mappingSide, Math.floor(place / mappingSide)];
    const column = Math.floor(x / inner) * region + 1 + (x % inner);
    const row = Math.floor(y / inner) * region + 1 + (y % inner);
    codewordOf[row * size + column] = bit >> 3;
    return row * size + column;
  });
  const fixed = Int8Array.from({ length: size * size }, (_, index) => {
    return fixedColor((index % size) % region, Math.floor(index / size) % region, region);
  });
  const fixedModules = Int32Array.from(Array.from(fixed.keys()).filter((index) => fixed[index] !== -1));
  return { ...symbol, codewords, bitModules, codewordOf, fixed, fixedModules, edges: edgesOf(size, fixed) };
}

/** ISO/IEC 16022, 5.1: solid to the left and below, alternating above and to the right. */
function fixedColor(x: number, y: number, region: number): -1 | 0 | 1 {
  if (x === 0 || y === region - 1) return 1;
  if (y === 0) return x % 2 === 0 ? 1 : 0;
  if (x === region - 1) return y % 2 === 1 ? 1 : 0;
  return -1;
}

/** The quiet zone is light, so the outline counts too. */
function edgesOf(size: number, fixed: Int8Array): Edge[] {
  const colorAt = (x: number, y: number) =>
    x < 0 || y < 0 || x >= size || y >= size ? 0 : (fixed[y * size + x] ?? -1);
  const edges: Edge[] = [];
  const add = (first: number, second: number, u: number, v: number, alongU: boolean): void => {
    if (first === -1 || second === -1 || first === second) return;
    const towards = second === 1 ? 1 : -1;
    edges.push({ u, v, towardsU: alongU ? towards : 0, towardsV: alongU ? 0 : towards });
  };
  for (let at = 0; at < size; at++) {
    for (let border = 0; border <= size; border++) {
      add(colorAt(border - 1, at), colorAt(border, at), border, at + 0.5, true);
      add(colorAt(at, border - 1), colorAt(at, border), at + 0.5, border, false);
    }
  }
  return edges;
}
