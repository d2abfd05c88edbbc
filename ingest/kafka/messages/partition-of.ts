import { missing } from '../../../indicium/index.ts';
/**
 * The partition of a key among so many, as Kafka's own clients choose it: murmur2 over its bytes, the sign left out.
 * Readings are placed by it, so that others that produce to that topic by license meet the same partitions.
 */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

const M = 0x5bd1e995;
const R = 24;
const SEED = 0x9747b28c;

function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), M);
    word ^= word >>> R;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  for (let at = bytes.length - 1; at >= whole; at--) hash ^= (bytes[at] ?? missing('bytes')) << (8 * (at & 3));
  if (whole < bytes.length) hash = Math.imul(hash, M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}
