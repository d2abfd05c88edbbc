import type { Indicium } from './indicium.ts';
import type { ReasonCode } from './reasons.ts';

/** What reading and verifying one scan gave, before any other sighting is looked at. */
export interface Reading {
  readonly payload: Uint8Array | null;
  /** `DataMatrix`, `QRCode`, … where a symbol was read; null for payloads and unread images. */
  readonly symbology: string | null;
  readonly indicium: Indicium | null;
  /** First 64 bits of SHA-256 over the signed bytes: the same piece whatever its signature bytes; 0 when unread. */
  readonly contentDigest: bigint;
  readonly outcome: ReadingOutcome;
}

/** `valid`: a genuine signature by the key of this PSD and license, allowed by the license. */
export type ReadingOutcome = 'valid' | ReasonCode;

/** Outcomes whose signature is genuine: only these may enter the sightings, lest anyone burn another's counters. */
export function isGenuine(outcome: ReadingOutcome): boolean {
  return outcome === 'valid' || outcome === 'ungranted-psd' || outcome === 'overspread-license';
}
