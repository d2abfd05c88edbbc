import type { Indicium } from './indicium.ts';
import type { ReasonCode } from './reasons.ts';

/** What reading and verifying one scan gave, before any other sighting is looked at. */
export interface Reading {
  readonly payload: Uint8Array | null;
  /** `DataMatrix`, `QRCode`, … where a symbol was read; null for payloads and unread images. */
  readonly symbology: string | null;
  readonly indicium: Indicium | null;
  /** First 64 bits of SHA-256 over the signed bytes: the same piece with any signature bytes; 0 when unread. */
  readonly contentDigest: bigint;
  readonly outcome: ReadingOutcome;
  /** Version of the trust list that the outcome rests on. */
  readonly trustVersion: number;
  /** Of a `borrowed-name`, whose key made the signature, by that trust list. */
  readonly signer?: KeyOwner;
  /** What was seen, for people; absent if nothing needs saying. */
  readonly note?: string;
}

/** The PSD and license that a key was certified for. */
export interface KeyOwner {
  readonly license: number;
  readonly psd: string;
}

/** As it stands beside the evidence, where the view `pieces` reads it (analytics/store/schema/schema.ts). */
export function signerNote({ license, psd }: KeyOwner): string {
  return `signed by license ${license} on PSD ${psd}`;
}

/** `valid`: a genuine signature by the key of this PSD and license, allowed by the license. */
export type ReadingOutcome = 'valid' | ReasonCode;

/**
 * Outcomes whose signature is genuine: only these enter the sightings, lest anyone use up another's counters. A key
 * that may be in other hands proves nothing, so marks dated after its compromise are not among them.
 */
export const GENUINE_OUTCOMES: readonly ReadingOutcome[] = [
  'valid',
  'key-not-yet-valid',
  'expired-key',
  'revoked-key',
  'valid-but-revoked-key',
  'expired-license',
  'revoked-license',
  'ungranted-psd',
  'overspread-license',
  'date-anomaly',
];

const GENUINE: ReadonlySet<ReadingOutcome> = new Set(GENUINE_OUTCOMES);

export function isGenuine(outcome: ReadingOutcome): boolean {
  return GENUINE.has(outcome);
}
