import type { Grid } from './grid.ts';
import { moduleUnreliability } from './unreliability.ts';

/** What one picture says of every module of a symbol that it alone did not give. */
export interface SoftDecision {
  readonly grid: Grid;
  /** 1 is dark. */
  readonly bits: Uint8Array;
  /** How doubtful each is, as by `moduleUnreliability`: from a half on, nothing is known of it. */
  readonly unreliability: Float32Array;
}

export function softDecisionOf(grid: Grid, bits: Uint8Array, unreliability: Float32Array): SoftDecision {
  const modules = grid.map.size ** 2;
  return {
    grid,
    bits: bits.slice(0, modules),
    unreliability: moduleUnreliability(grid.map, bits, unreliability).slice(0, modules),
  };
}

/** No picture is surer of a module than this: what lies on a mark may look like print. */
const UNRELIABILITY_MIN = 0.01;

/**
 * What lies on a mark is mostly ink: a smudge makes light dark, and nothing makes dark light as often. In log odds; of 16
 * marks with a dozen smudges on each of two pictures, 12 were read with it, 9 without.
 */
const INK_HIDES = 2;

/**
 * Two pictures of one mark, taken together: damage lies elsewhere on each, or its noise differs, so of each module the
 * more reliable one is believed. Null where they are not of one size.
 */
export function combined(one: SoftDecision, other: SoftDecision): SoftDecision | null {
  if (one.grid.map !== other.grid.map) return null;
  const modules = one.bits.length;
  const bits = new Uint8Array(modules);
  const unreliability = new Float32Array(modules);
  for (let at = 0; at < modules; at++) {
    const disagreement = one.bits[at] === other.bits[at] ? 0 : INK_HIDES;
    const darkness = logOdds(one, at) + logOdds(other, at) - disagreement;
    bits[at] = darkness > 0 ? 1 : 0;
    unreliability[at] = 1 / (1 + Math.exp(Math.abs(darkness)));
  }
  return { grid: one.grid, bits, unreliability };
}

/** Of being dark: above 0 is rather dark. */
function logOdds({ bits, unreliability }: SoftDecision, at: number): number {
  const wrong = Math.min(0.5, Math.max(UNRELIABILITY_MIN, unreliability[at] ?? 0));
  const odds = Math.log((1 - wrong) / wrong);
  return bits[at] === 1 ? odds : -odds;
}
