import { createPublicKey, type KeyObject } from 'node:crypto';
import type { SuiteName } from '../indicium/index.ts';

/**
 * The one DER encoding each suite's public key may have: everything before and after the key material itself.
 * OpenSSL's import is laxer than any standard (explicit curve parameters, malformed ASN.1), so the bytes decide.
 */
const SPKI_FORMS: Record<SuiteName, { prefix: string; materialBytes: number; suffix: string }> = {
  'ecdsa-p256-sha256': {
    prefix: '3059301306072a8648ce3d020106082a8648ce3d03010703420004',
    materialBytes: 64,
    suffix: '',
  },
  ed25519: { prefix: '302a300506032b6570032100', materialBytes: 32, suffix: '' },
  'ecdsa-p224-sha256': { prefix: '304e301006072a8648ce3d020106052b81040021033a0004', materialBytes: 56, suffix: '' },
  'rsa2048-sha256': {
    prefix: '30820122300d06092a864886f70d01010105000382010f003082010a0282010100',
    materialBytes: 256,
    suffix: '0203010001',
  },
};

/** Imports a public key for a suite, or null when it is not that suite's key in its canonical encoding. */
export function importPublicKey(suite: SuiteName, spki: Uint8Array): KeyObject | null {
  const form = SPKI_FORMS[suite];
  const prefixBytes = form.prefix.length / 2;
  const hex = Buffer.from(spki.buffer, spki.byteOffset, spki.byteLength).toString('hex');
  if (spki.length !== prefixBytes + form.materialBytes + form.suffix.length / 2) return null;
  if (!hex.startsWith(form.prefix) || !hex.endsWith(form.suffix)) return null;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    // OpenSSL throws for a point that is not on the curve: for us that is one more key that is none.
    return null;
  }
  return key.export({ format: 'der', type: 'spki' }).equals(spki) ? key : null;
}
