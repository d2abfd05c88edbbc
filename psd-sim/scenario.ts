/** Frauds that a simulated day can hold; the names are part of the command line's contract. */
export const FRAUDS = [
  'copy',
  'copy-far',
  'forged',
  'altered',
  'cross-key',
  'fork',
  'rollback',
  'ungranted-psd',
  'overspread-license',
  'overspend',
  'refund-mailed',
  'expired-license',
  'revoked-license',
  'compromised-key',
  'revoked-key',
  'wrong-town',
  'wrong-destination',
  'stale-date',
  'short-postage',
  'two-places',
  'faster-than-printer',
] as const;
export type FraudName = (typeof FRAUDS)[number];

/** Honest events that look odd and must accuse nobody. */
export type HonestTrap =
  | 'rescan'
  | 'resent'
  | 'late'
  | 'lost'
  | 'clock-skew'
  | 'smudged'
  | 'moved-set'
  | 'renewed-key'
  | 'replaced-psd'
  | 'shared-license'
  | 'spoiled';

export const IMAGE_KINDS = ['none', 'crops', 'faces', 'mixed'] as const;
/** `mixed` is two thirds crops and one third whole faces. */
export type ImageKind = (typeof IMAGE_KINDS)[number];

export const PAYMENTS = ['prepaid', 'postpaid'] as const;
export type Payment = (typeof PAYMENTS)[number];

export const OFFICES_KINDS = ['inside', 'http'] as const;
export type OfficesKind = (typeof OFFICES_KINDS)[number];

export interface Scenario {
  readonly seed: number;
  readonly pieces: number;
  readonly psds: number;
  readonly licenses: number;
  readonly frauds: readonly FraudName[];
  readonly images: ImageKind;
  /** How messages reach the offices: as calls, or over HTTP on the loopback interface. */
  readonly offices?: OfficesKind;
  /** Postpaid countries have no descending register: the ascending one is audited and billed. Prepaid by default. */
  readonly payment?: Payment;
  /** Midnight UTC of the simulated day. */
  readonly dayMs: number;
}

/** How many of each fraud a day of that many pieces holds: one in 700, and at least one. */
export function fraudCount(scenario: Scenario): number {
  return Math.max(1, Math.round(scenario.pieces / 700));
}

/** How many of each honest trap: one in 50, and at least one. */
export function trapCount(scenario: Scenario): number {
  return Math.max(1, Math.round(scenario.pieces / 50));
}

/** The scenario asks for what cannot be: too many frauds for so few pieces or PSDs. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}
