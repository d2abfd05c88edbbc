import { createPublicKey, type KeyObject } from 'node:crypto';
import { missing, type SuiteName } from '../indicium/index.ts';

/** The one DER encoding each suite's public key may have: everything before and after the key material itself. */
interface KeyForm {
  readonly prefix: Buffer;
  readonly materialBytes: number;
  readonly suffix: Buffer;
}

/**
 * OpenSSL's import is laxer than any standard (explicit curve parameters, compressed points, malformed ASN.1), so the
 * bytes decide: RFC 5480 for the curves, RFC 8410 for Ed25519, RFC 3279 for RSA with 2048 bits and e = 65537.
 */
const FORMS: Record<SuiteName, KeyForm> = {
  'ecdsa-p256-sha256': form('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 64),
  ed25519: form('302a300506032b6570032100', 32),
  'ecdsa-p224-sha256': form('304e301006072a8648ce3d020106052b81040021033a0004', 56),
  'rsa2048-sha256': form('30820122300d06092a864886f70d01010105000382010f003082010a0282010100', 256, '0203010001'),
};

function form(prefix: string, materialBytes: number, suffix = ''): KeyForm {
  return { prefix: Buffer.from(prefix, 'hex'), materialBytes, suffix: Buffer.from(suffix, 'hex') };
}

/** The key material of a canonical public key of the suite, a view into it; null when it is not one. */
export function keyMaterial(suite: SuiteName, spki: Uint8Array): Uint8Array | null {
  const { prefix, materialBytes, suffix } = FORMS[suite];
  if (spki.length !== prefix.length + materialBytes + suffix.length) return null;
  if (!prefix.equals(spki.subarray(0, prefix.length))) return null;
  if (!suffix.equals(spki.subarray(prefix.length + materialBytes))) return null;
  const material = spki.subarray(prefix.length, prefix.length + materialBytes);
  return isSound(suite, material) ? material : null;
}

/** The public key again that `keyMaterial` came from. */
export function spkiOf(suite: SuiteName, material: Uint8Array): Buffer {
  const { prefix, suffix } = FORMS[suite];
  return Buffer.concat([prefix, material, suffix]);
}

/**
 * Imports a public key for a suite, or null when it is not that suite's key in its canonical encoding. Exporting it
 * again to compare would tell nothing more than its form does (a test holds the two together) and take 45 µs, three
 * times as long as the import.
 */
export function importPublicKey(suite: SuiteName, spki: Uint8Array): KeyObject | null {
  if (keyMaterial(suite, spki) === null) return null;
  try {
    return createPublicKey({
      key: Buffer.from(spki.buffer, spki.byteOffset, spki.length),
      format: 'der',
      type: 'spki',
    });
  } catch {
    // OpenSSL throws for a point that is not on the curve: for us that is one more invalid key.
    return null;
  }
}

function isSound(suite: SuiteName, material: Uint8Array): boolean {
  if (suite === 'ed25519') return !isSmallOrder(material) && isCanonicalY(material);
  // 2048 bits in truth, and odd: an even modulus is not a product of two large primes.
  if (suite === 'rsa2048-sha256')
    return ((material[0] ?? missing('material')) & 0x80) !== 0 && ((material[255] ?? missing('material')) & 1) === 1;
  return true;
}

/** y-coordinates of the eight points of small order on edwards25519, and two encodings of them beyond p. */
const SMALL_ORDER_Y = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => Buffer.from(hex, 'hex'));

/** Anything signed verifies under a key of small order (RFC 8032, 5.1.7 leaves the check to the user). */
function isSmallOrder(material: Uint8Array): boolean {
  const y = withoutSign(material);
  return SMALL_ORDER_Y.some((known) => known.equals(y));
}

/** y below p = 2^255 − 19 (RFC 8032, 5.1.3). */
function isCanonicalY(material: Uint8Array): boolean {
  const y = withoutSign(material);
  const isAllOnes = y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff);
  return !(isAllOnes && (y[0] ?? missing('y')) >= 0xed);
}

function withoutSign(material: Uint8Array): Buffer {
  const y = Buffer.from(material);
  y[31] = (y[31] ?? missing('y')) & 0x7f;
  return y;
}
