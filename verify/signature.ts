import { type KeyObject, verify } from 'node:crypto';
import { SUITES, type SuiteName } from '../indicium/index.ts';
import { importPublicKey } from './key-gate.ts';

/** A key ready for use: imported once, since importing costs more than half a verification. */
export interface VerifyingKey {
  readonly suite: SuiteName;
  readonly signatureBytes: number;
  readonly input: KeyObject | { readonly key: KeyObject; readonly dsaEncoding: 'ieee-p1363' };
}

export function verifyingKey(suite: SuiteName, spki: Uint8Array): VerifyingKey | null {
  if (!Object.values(SUITES).some((known) => known.name === suite)) return null;
  const key = importPublicKey(suite, spki);
  if (key === null) return null;
  const signatureBytes = Object.values(SUITES).find((known) => known.name === suite)?.signatureBytes;
  if (signatureBytes === undefined) return null;
  const input = suite.startsWith('ecdsa') ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  return { suite, signatureBytes, input };
}

/** The digest comes from the key's suite, never from the mark. Ed25519 hashes by itself. */
export function verifyWith(key: VerifyingKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== key.signatureBytes) return false;
  return verify(key.suite === 'ed25519' ? null : 'sha256', message, key.input, signature);
}

/**
 * Checks one signature. `spki` is a DER SubjectPublicKeyInfo; ECDSA signatures are r and s side by side (IEEE P1363).
 * False for anything that does not verify, malformed keys and signatures included; never throws for data.
 */
export function verifySignature(
  suite: SuiteName,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  // Callers from outside TypeScript may hand over anything; that too is a signature that does not verify.
  if (![spki, message, signature].every((bytes: unknown) => bytes instanceof Uint8Array)) return false;
  const key = verifyingKey(suite, spki);
  return key !== null && verifyWith(key, message, signature);
}
