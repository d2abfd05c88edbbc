import { randomInt } from 'node:crypto';
import { missing } from '../failures/missing.ts';

/** Of FNV-1a with 32 bits (Fowler, Noll, Vo). */
export const FNV_PRIME = 0x01000193;

/**
 * Where a hash begins: another place in each process. Scan ids and names are chosen by strangers, and 5,000 that share a
 * slot take 12 million comparisons in each batch. Nothing that is stored or answered rests on it.
 */
const START = randomInt(2 ** 32);

/**
 * FNV-1a over a span of bytes, its upper half mixed in: texts that follow each other differ in their last digits only. Not
 * the same in another process.
 */
export function hashOfSpan(bytes: Uint8Array, start: number, end: number): number {
  let hash = START;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? missing('bytes')), FNV_PRIME);
  return hash ^ (hash >>> 16);
}

/** Whether `length` bytes from one place on are those from another place on. */
export function isSameSpan(
  left: Uint8Array,
  leftStart: number,
  right: Uint8Array,
  rightStart: number,
  length: number,
): boolean {
  for (let at = 0; at < length; at++) {
    if (left[leftStart + at] !== right[rightStart + at]) return false;
  }
  return true;
}
