import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasErrno } from '../../indicium/index.ts';
import { isStorageFailure } from './failures.ts';
import { FencedError } from './fence.ts';
import { flush } from './staging.ts';
import { StoreError } from './store-error.ts';

const STORE_FILE = 'store.duckdb';
const MACHINE_FILE = 'machine';
const MARKER = /^epoch-(\d{8,})$/;
const STORE = /^store-(\d{8,})$/;
const PARTITION = /^partition-(\d{4,})$/;
const COPYING = /^copying-(\d{8,})$/;

/** A process that still writes there may make a file anew while its folder is being removed. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5 };

/** A rename lasts microseconds, and a look at the folder as long. */
const LOOKS_MAX = 1_000;

/**
 * The folder of one partition. `epoch-N` is its marker: it says which owner is the newest, and there is never more than
 * one, since a claim renames it. `store-N` holds the files of epoch N, `copying-N` what is to become them, `set-aside-N`
 * what nobody could take over. The newest store is the one with the highest number; all others count for nothing.
 *
 * Each call is one step that takes effect whole or not at all, and is on the disk when it returns. What a marker holds, the
 * epoch and who claimed it, is for people.
 */
export class PartitionFolder {
  readonly path: string;
  readonly #owner: string;

  private constructor(path: string, owner: string) {
    this.path = path;
    this.#owner = owner;
  }

  /**
   * Makes the folder when it is missing: aside, with a marker in it, so that it is never seen without one. `owner` is said to those
   * who lose the partition to this one.
   */
  static open(root: string, partition: number, owner = ''): PartitionFolder {
    const path = join(root, partitionName(partition));
    if (!existsSync(path)) {
      mkdirSync(root, { recursive: true });
      const aside = `${path}.${randomUUID()}`;
      mkdirSync(aside);
      writeFileSync(join(aside, markerName(0n)), '');
      try {
        renameSync(aside, path);
      } catch (error) {
        if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
        rmSync(aside, { recursive: true });
      }
      flush(root);
    }
    return new PartitionFolder(path, owner);
  }

  /** The newest epoch. @throws StoreError where the folder or its marker is gone. */
  newest(): bigint {
    for (let look = 0; look < LOOKS_MAX && existsSync(this.path); look++) {
      const [epoch] = numbersOf(this.path, MARKER);
      // A folder that is read while its marker is renamed may show neither name.
      if (epoch !== undefined) return epoch;
    }
    throw new StoreError(`${this.path}: a partition without its marker, epoch-N: it was removed by hand`);
  }

  /**
   * Claims the next epoch, or the one after `mine` when nobody else has. Of several that claim the same one, one gets it.
   *
   * @throws FencedError when `mine` is not the newest any more.
   */
  raise(mine: bigint | null = null): bigint {
    for (;;) {
      const newest = mine ?? this.newest();
      const epoch = newest + 1n;
      if (renamed(join(this.path, markerName(newest)), join(this.path, markerName(epoch)))) {
        flush(this.path);
        this.#sign(epoch);
        return epoch;
      }
      if (mine !== null) this.check(mine);
    }
  }

  /** @throws FencedError when this epoch is not the newest. */
  check(epoch: bigint): void {
    if (statSync(join(this.path, markerName(epoch)), { throwIfNoEntry: false }) !== undefined) return;
    const newest = this.newest();
    throw new FencedError(
      `${this.path}: epoch ${epoch} has lost this partition to epoch ${newest}${this.#whose(newest)}`,
    );
  }

  /** For people only: a newer claim may have renamed the marker by now, which then is not made again. */
  #sign(epoch: bigint): void {
    try {
      writeFileSync(join(this.path, markerName(epoch)), `${epoch} ${this.#owner}\n`, { flag: 'r+' });
    } catch (error) {
      if (!hasErrno(error, 'ENOENT') && !isStorageFailure(error)) throw error;
    }
  }

  /** A marker that is not signed yet bears the name of an earlier owner, with that one's epoch. */
  #whose(epoch: bigint): string {
    const [line = ''] = (fileText(join(this.path, markerName(epoch))) ?? '').split('\n');
    const [signed, ...owner] = line.split(' ');
    return signed === String(epoch) && owner.join('') !== '' ? ` of ${owner.join(' ')}` : '';
  }

  /** The epoch of the newest store; null before there is any. */
  newestStore(): bigint | null {
    return numbersOf(this.path, STORE)[0] ?? null;
  }

  /** Where the store of an epoch is. */
  storePath(epoch: bigint): string {
    return join(this.path, storeName(epoch), STORE_FILE);
  }

  /** The name of the machine that used the store of an epoch last; null where that is not known. */
  machineOf(epoch: bigint): string | null {
    return fileText(join(this.path, storeName(epoch), MACHINE_FILE));
  }

  /** An empty place for a store that begins. */
  begin(epoch: bigint, machine: string): void {
    mkdirSync(dirname(this.copyingPath(epoch)), { recursive: true });
    this.finish(epoch, machine);
  }

  /** The files of one epoch become those of another; false when they are no longer there. */
  move(from: bigint, to: bigint): boolean {
    const isMoved = renamed(join(this.path, storeName(from)), join(this.path, storeName(to)));
    if (isMoved) flush(this.path);
    return isMoved;
  }

  /** Where the store of an epoch is gathered until it is whole. */
  copyingPath(epoch: bigint): string {
    return join(this.path, copyingName(epoch), STORE_FILE);
  }

  /** What was gathered becomes the store of its epoch. */
  finish(epoch: bigint, machine: string): void {
    const folder = dirname(this.copyingPath(epoch));
    writeFileSync(join(folder, MACHINE_FILE), machine);
    for (const name of readdirSync(folder)) flush(join(folder, name));
    flush(folder);
    renameSync(folder, join(this.path, storeName(epoch)));
    flush(this.path);
  }

  /** Keeps a store that nobody could take over for a person to look at; false when it is no longer there. */
  setAside(epoch: bigint): boolean {
    const isSetAside = renamed(join(this.path, storeName(epoch)), join(this.path, `set-aside-${digits(epoch)}`));
    if (isSetAside) flush(this.path);
    return isSetAside;
  }

  /** Removes what earlier epochs left: nobody reads it any more, and who still writes to it does so in vain. */
  removeBefore(epoch: bigint): void {
    for (const [pattern, nameOf] of [[STORE, storeName] as const, [COPYING, copyingName] as const]) {
      for (const number of numbersOf(this.path, pattern)) {
        if (number < epoch) rmSync(join(this.path, nameOf(number)), REMOVAL);
      }
    }
  }
}

/** Partitions that have a folder under this one, by number. */
export function partitionsIn(root: string): number[] {
  return numbersOf(root, PARTITION).map(Number).toReversed();
}

function partitionName(partition: number): string {
  return `partition-${String(partition).padStart(4, '0')}`;
}

function digits(epoch: bigint): string {
  return String(epoch).padStart(8, '0');
}

const markerName = (epoch: bigint) => `epoch-${digits(epoch)}`;
const storeName = (epoch: bigint) => `store-${digits(epoch)}`;
const copyingName = (epoch: bigint) => `copying-${digits(epoch)}`;

/** The numbers in the names of a folder that are of one kind, the highest first. */
function numbersOf(folder: string, pattern: RegExp): bigint[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const [, number] = pattern.exec(name) ?? [];
      return number === undefined ? [] : [BigInt(number)];
    })
    .sort((one, other) => (one < other ? 1 : one > other ? -1 : 0));
}

/** False when there is nothing of the first name. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Null where there is no such file; another owner may have moved or removed it. */
function fileText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
