import { ExpectedError } from '../indicium/failures/expected-error.ts';
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
/** Frauds against the path of a piece, against registers and clocks, and letters that frame a stranger. */
export const FURTHER_FRAUDS = [
  'cloned-tag',
  'recirculated',
  'placeholder-id',
  'standing-register',
  'omitted-descending',
  'backdated-scan',
  'framing-forged',
  'framing-cross-key',
  'framing-made-up',
] as const;
export const EVERY_FRAUD = [...FRAUDS, ...FURTHER_FRAUDS] as const;
export type FraudName = (typeof EVERY_FRAUD)[number];

/** Users who pay for what they printed cannot print more than they paid for. */
const PREPAID_ONLY: ReadonlySet<FraudName> = new Set(['overspend', 'omitted-descending']);

/** Honest oddities on the way of a piece, and of plants; a day has those that it is asked for. */
export const ODDITIES = [
  'retagged',
  'second-induction',
  'padded-id',
  'two-cameras',
  'late-upload',
  'looped',
  'forwarded',
  'returned',
  'misread-destination',
  'id-reused',
  'slow-plant-clock',
  'other-scale',
] as const;
export type OddityName = (typeof ODDITIES)[number];

/** Honest events that look odd and must accuse nobody. */
export type HonestTrap =
  | OddityName
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
  /** None by default. */
  readonly oddities?: readonly OddityName[];
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

/** Those of the frauds that users can commit who pay in that way. */
export function possibleFrauds(frauds: readonly FraudName[], payment: Payment): readonly FraudName[] {
  return payment === 'prepaid' ? frauds : frauds.filter((fraud) => !PREPAID_ONLY.has(fraud));
}

/** Whether the day holds more than FRAUDS; other days are the same bytes by seed as they were before there was more. */
export function asksForMore({ frauds, oddities = [] }: Pick<Scenario, 'frauds' | 'oddities'>): boolean {
  const further: readonly FraudName[] = FURTHER_FRAUDS;
  return oddities.length > 0 || frauds.some((fraud) => further.includes(fraud));
}

/** The scenario asks for what cannot be: too many frauds for so few pieces or PSDs. */
export class ScenarioError extends ExpectedError {
  override readonly name = 'ScenarioError';
  override readonly failure = 'scenario';
}
