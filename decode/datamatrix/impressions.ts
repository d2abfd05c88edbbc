import { moduleDoubts } from './doubts.ts';
import type { Grid } from './grid.ts';

/** What one picture says of every module of a symbol that it alone did not give. */
export interface Impression {
  readonly grid: Grid;
  /** 1 is dark. */
  readonly bits: Uint8Array;
  /** How doubtful each is, as by `moduleDoubts`: from a half on, nothing is known of it. */
  readonly doubt: Float32Array;
}

export function impressionOf(grid: Grid, bits: Uint8Array, doubt: Float32Array): Impression {
  const modules = grid.map.size ** 2;
  return { grid, bits: bits.slice(0, modules), doubt: moduleDoubts(grid.map, bits, doubt).slice(0, modules) };
}

/** No picture is surer of a module than this: what lies on a mark may look like print. */
const DOUBT_MIN = 0.01;

/**
 * What lies on a mark is mostly ink: a smudge makes light dark, and nothing makes dark light as often. In log odds; of 16
 * marks with a dozen smudges on each of two pictures, 12 were read with it, 9 without.
 */
const INK_HIDES = 2;

/**
 * Two pictures of one mark, taken together: damage lies elsewhere on each, or its noise differs, so of each module the
 * one in less doubt is believed. Null where they are not of one size.
 */
export function combined(one: Impression, other: Impression): Impression | null {
  if (one.grid.map !== other.grid.map) return null;
  const modules = one.bits.length;
  const bits = new Uint8Array(modules);
  const doubt = new Float32Array(modules);
  for (let at = 0; at < modules; at++) {
    const disagreement = one.bits[at] === other.bits[at] ? 0 : INK_HIDES;
    const darkness = logOdds(one, at) + logOdds(other, at) - disagreement;
    bits[at] = darkness > 0 ? 1 : 0;
    doubt[at] = 1 / (1 + Math.exp(Math.abs(darkness)));
  }
  return { grid: one.grid, bits, doubt };
}

/** Of being dark: above 0 is rather dark. */
function logOdds({ bits, doubt }: Impression, at: number): number {
  const wrong = Math.min(0.5, Math.max(DOUBT_MIN, doubt[at] ?? 0));
  const odds = Math.log((1 - wrong) / wrong);
  return bits[at] === 1 ? odds : -odds;
}
