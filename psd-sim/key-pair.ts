import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Order of the P-256 group (SEC 2, 2.4.2). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Buffer;
}

/** PKCS #8 of a P-256 key without its public half (RFC 5915, 3), up to the 32 bytes of the scalar. */
const PKCS8_HEAD = Buffer.from('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420', 'hex');

/** A P-256 key pair that follows from 32 bytes, so that a seed gives the same fleet again. Never for real keys. */
export function keyPairFrom(seedBytes: Buffer): KeyPair {
  const scalar = (BigInt(`0x${seedBytes.toString('hex')}`) % (P256_ORDER - 1n)) + 1n;
  const key = Buffer.concat([PKCS8_HEAD, Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { privateKey, spki: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }) };
}

export function publicKeyFrom(spki: Buffer): KeyObject {
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}

/** ECDSA with SHA-256; 64 bytes, r and s (IEEE P1363). */
export function signBytes(bytes: Buffer, privateKey: KeyObject): Buffer {
  return sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

export function isSignedBy(bytes: Buffer, signature: Buffer, publicKey: KeyObject): boolean {
  return verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}
