import { constants, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasErrno } from '../../indicium/index.ts';
import { anchorPath } from '../store/audit/anchor.ts';
import { auditStore } from '../store/audit/audit.ts';
import { StoreError } from '../store/store-error.ts';

const COMPARED_BYTES = 1 << 20;

/**
 * Copies the files of a store that somebody else may be writing to; false when the copy is torn.
 *
 * The anchor first: what it says was acknowledged is in the files that are copied after it, or the copy is refused. Then
 * the database, then its write-ahead log. The database is then read again: when it is what was copied, it did not change
 * from the end of the copy to the second reading, and the log, to which is only added in between, was copied meanwhile.
 * So the copy is what a crash at that time would have left, and is opened as that. Every row is compared with the chain
 * of digests as well.
 */
export async function copyStore(from: string, to: string): Promise<boolean> {
  const target = dirname(to);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  try {
    const before = filesOf(from);
    // Its owner was killed before it made any: nothing was ever answered from there.
    if (before.length === 0) return true;
    for (const name of before) copyFileSync(join(dirname(from), name), join(target, name), constants.COPYFILE_FICLONE);
    const isStill = (await isSame(from, to)) && filesOf(from).join() === before.join();
    if (!isStill) return false;
    // Views of an earlier program are made anew when the copy is opened.
    return (await auditStore(to, () => {})).problems.every(({ problem }) => problem === 'view-changed');
  } catch (error) {
    if (error instanceof StoreError && error.fault === 'not-whole') return false;
    // A log that a checkpoint removed, or a store that somebody else has taken over.
    if (hasErrno(error, 'ENOENT')) return false;
    // On a disk that is full, what is left of each try would keep it full.
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

/** The anchor, the database, and any logs that DuckDB has beside it. */
function filesOf(store: string): string[] {
  const database = basename(store);
  const order = [basename(anchorPath(store)), database];
  return readdirSync(dirname(store))
    .filter((name) => name.startsWith(database))
    .sort((one, other) => rank(order, one) - rank(order, other) || (one < other ? -1 : 1));
}

function rank(order: readonly string[], name: string): number {
  const place = order.indexOf(name);
  return place === -1 ? order.length : place;
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = [await open(one), await open(other)];
  try {
    const [left, right] = [Buffer.alloc(COMPARED_BYTES), Buffer.alloc(COMPARED_BYTES)];
    for (let at = 0; ; ) {
      const { bytesRead } = await first.read(left, 0, COMPARED_BYTES, at);
      const { bytesRead: others } = await second.read(right, 0, COMPARED_BYTES, at);
      if (bytesRead !== others || !left.subarray(0, bytesRead).equals(right.subarray(0, others))) return false;
      if (bytesRead === 0) return true;
      at += bytesRead;
    }
  } finally {
    await first.close();
    await second.close();
  }
}
