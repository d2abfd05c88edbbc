import { hash } from 'node:crypto';

/** First 64 bits of SHA-256. As hex, since that is how the platform gives it out in half the time of bytes. */
export function digest64(data: string | Uint8Array): bigint {
  return BigInt(`0x${hash('sha256', data, 'hex').slice(0, 16)}`);
}
