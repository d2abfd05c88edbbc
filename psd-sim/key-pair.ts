import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { PrivateKey } from './ecdsa.ts';

export interface KeyPair {
  readonly privateKey: PrivateKey;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Buffer;
}

/** A P-256 key pair that follows from 32 bytes, so that a seed gives the same fleet again. Never for real keys. */
export function keyPairFrom(seedBytes: Buffer): KeyPair {
  const privateKey = new PrivateKey(seedBytes);
  return { privateKey, spki: privateKey.spki() };
}

export function publicKeyFrom(spki: Buffer): KeyObject {
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}

/** ECDSA with SHA-256; 64 bytes, r and s (IEEE P1363). */
export function isSignedBy(bytes: Buffer, signature: Buffer, publicKey: KeyObject): boolean {
  return verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}
