import {
  type Indicium,
  isGenuine,
  type KeyOwner,
  parseIndicium,
  type ReadingOutcome,
  type ReasonCode,
} from '../indicium/index.ts';
import type { KeyRing } from './key-ring.ts';
import type { KeyTimes } from './key-table.ts';
import { PRINTED_AHEAD_MS_MAX, PRINTED_BEHIND_MS_MAX } from './limits.ts';
import { verifyWith } from './signature.ts';

/** When a scan was made, as its machine says, and when the post received it, by its own clock. Null where nobody knows. */
export interface ScanTimes {
  readonly scannedAtMs: number | null;
  readonly receivedAtMs: number | null;
}

export const NO_TIMES: ScanTimes = { scannedAtMs: null, receivedAtMs: null };

/**
 * Whether a mark is genuine and allowed, in the order of the protocol. The signature is checked over the bytes that
 * were scanned, with the algorithm of the key's record. Validity is judged at the date of the mark, by what was known when
 * the scan was made; if the plant gives no time, by everything that is known now. A sender can claim any time, so if the post
 * knows when it received the scan, the worse result of the two times counts.
 */
export function authenticate(indicium: Indicium, ring: KeyRing, times: ScanTimes): ReadingOutcome {
  const row = ring.find(indicium.keyId);
  if (row === -1) return 'unknown-key';
  if (!ring.isOwner(row, indicium)) {
    return isSignedByOwner(row, indicium, ring, times) ? 'borrowed-name' : 'key-mismatch';
  }
  if (ring.suite(row) !== indicium.suite) return 'suite-mismatch';
  const key = ring.key(row);
  if (key === null) return 'unknown-key';
  if (!verifyWith(key, indicium.signedBytes, indicium.signature)) return 'forged';

  const atMs = indicium.printedAtMs;
  const keyFailure = keyFailureAt(ring.times(row), atMs, lastOf(times));
  if (keyFailure !== null) return keyFailure;
  const authorization = ring.authorization(row, atMs);
  if (authorization !== 'granted') return authorization;
  return isPlausible(atMs, times) ? 'valid' : 'date-anomaly';
}

/**
 * Whether the one whose key is named made the signature. A signature that does not fit anybody could have made, and one
 * by a key that may be in other hands does not tell whose hands these were.
 */
function isSignedByOwner(row: number, indicium: Indicium, ring: KeyRing, times: ScanTimes): boolean {
  const key = ring.key(row);
  const { compromisedFromMs } = ring.times(row);
  const isCompromised = Math.max(indicium.printedAtMs, lastOf(times)) >= compromisedFromMs;
  if (key === null || isCompromised) return false;
  return verifyWith(key, indicium.signedBytes, indicium.signature);
}

/** Who signed a mark in a name that is not his; null where its outcome is another than `borrowed-name`. */
export function signerOf(indicium: Indicium, outcome: ReadingOutcome, ring: KeyRing): KeyOwner | null {
  return outcome === 'borrowed-name' ? ring.owner(ring.find(indicium.keyId)) : null;
}

/**
 * The signature as oracle: of readings of one smudged mark that are all in doubt, the one whose signature holds is right
 * beyond doubt; null when none does.
 */
export function genuineAmong(candidates: readonly Uint8Array[], ring: KeyRing, times: ScanTimes): Uint8Array | null {
  for (const candidate of candidates) {
    const parsed = parseIndicium(candidate);
    if ('indicium' in parsed && isGenuine(authenticate(parsed.indicium, ring, times))) return candidate;
  }
  return null;
}

/**
 * A revocation or compromise counts once it had happened at the scan. Marks dated before it may be honest mail on its
 * way, or backdated by someone who has the key: they are for a person to review.
 */
function keyFailureAt(times: KeyTimes, atMs: number, scannedAtMs: number): ReasonCode | null {
  if (atMs < times.validFromMs) return 'key-not-yet-valid';
  if (atMs >= times.validToMs) return 'expired-key';
  if (atMs >= times.compromisedFromMs) return 'compromised-key';
  if (atMs >= times.revokedAtMs) return 'revoked-key';
  const isKnownBad = scannedAtMs >= times.compromisedFromMs || scannedAtMs >= times.revokedAtMs;
  return isKnownBad ? 'valid-but-revoked-key' : null;
}

/** The time of which all is known that counts: a scan that says no time may have been made at any. */
function lastOf({ scannedAtMs, receivedAtMs }: ScanTimes): number {
  if (scannedAtMs === null) return Number.MAX_VALUE;
  return receivedAtMs === null ? scannedAtMs : Math.max(scannedAtMs, receivedAtMs);
}

function isPlausible(atMs: number, { scannedAtMs, receivedAtMs }: ScanTimes): boolean {
  return isNear(atMs, scannedAtMs) && isNear(atMs, receivedAtMs);
}

/** True also where nobody knows when it was seen. */
export function isNear(atMs: number, seenAtMs: number | null): boolean {
  return seenAtMs === null || (atMs <= seenAtMs + PRINTED_AHEAD_MS_MAX && atMs >= seenAtMs - PRINTED_BEHIND_MS_MAX);
}
