import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { SIGNED_BYTES } from '../indicium/index.ts';

/** Verifies one P-256 signature over as many bytes as a mark has with one key that is there already: what no verifier can do without. */
export function bareVerification(): () => void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const message = Buffer.alloc(SIGNED_BYTES, 1);
  const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return () => void verify('sha256', message, key, signature);
}
