import { rootOf } from '../../verify/trust/merkle.ts';

/** What an auditor of a log of trust lists does, as RFC 6962 and RFC 9162 have it, apart from what the product needs. */

/** Proof that the first `oldSize` leaves are a prefix of the tree (RFC 6962, 2.1.2). */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Buffer[] {
  if (oldSize <= 0 || oldSize >= leaves.length) return [];
  return subProof(leaves, oldSize, true);
}

function subProof(leaves: readonly Uint8Array[], oldSize: number, isOldRoot: boolean): Buffer[] {
  if (oldSize === leaves.length) return isOldRoot ? [] : [rootOf(leaves)];
  const split = largestPowerBelow(leaves.length);
  if (oldSize <= split) {
    return [...subProof(leaves.slice(0, split), oldSize, isOldRoot), rootOf(leaves.slice(split))];
  }
  return [...subProof(leaves.slice(split), oldSize - split, false), rootOf(leaves.slice(0, split))];
}

interface Checkpoint {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the newer tree continues the older one (RFC 9162, 2.1.4.2). */
export function isConsistent(older: Checkpoint, newer: Checkpoint, proof: readonly Uint8Array[]): boolean {
  if (older.size > newer.size || older.size < 0) return false;
  if (older.size === 0) return proof.length === 0;
  if (older.size === newer.size) return proof.length === 0 && Buffer.compare(older.root, newer.root) === 0;
  const path = isPowerOfTwo(older.size) ? [older.root, ...proof] : [...proof];
  let [fromNode, lastNode] = [older.size - 1, newer.size - 1];
  while (fromNode % 2 === 1) [fromNode, lastNode] = [Math.floor(fromNode / 2), Math.floor(lastNode / 2)];
  const start = path.shift();
  if (start === undefined) return false;
  let [oldRoot, newRoot]: [Buffer, Buffer] = [Buffer.from(start), Buffer.from(start)];
  for (const node of path) {
    if (lastNode === 0) return false;
    if (fromNode % 2 === 1 || fromNode === lastNode) {
      oldRoot = rootOf([node, oldRoot]);
      newRoot = rootOf([node, newRoot]);
      while (fromNode % 2 === 0 && fromNode !== 0) {
        [fromNode, lastNode] = [Math.floor(fromNode / 2), Math.floor(lastNode / 2)];
      }
    } else {
      newRoot = rootOf([newRoot, node]);
    }
    [fromNode, lastNode] = [Math.floor(fromNode / 2), Math.floor(lastNode / 2)];
  }
  return lastNode === 0 && oldRoot.equals(older.root) && newRoot.equals(newer.root);
}

function largestPowerBelow(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1);
}

function isPowerOfTwo(size: number): boolean {
  return Number.isInteger(Math.log2(size));
}
