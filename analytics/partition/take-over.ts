import { COPY_TRIES_MAX } from '../limits.ts';
import type { PartitionFolder } from '../store/partition-folder.ts';
import { StoreError } from '../store/store-error.ts';

/** The steps that a takeover is made of; others may do theirs between any two of them. */
export type TakeoverSteps = {
  readonly [Name in keyof PartitionFolder]: PartitionFolder[Name] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Result | Promise<Result>
    : PartitionFolder[Name];
};

interface TakeoverPorts<Opened> {
  /** The name of this machine: only on it do the locks of files say who has them open. */
  readonly machine: string;
  /** Opens the store of an epoch for writing. @throws StoreError */
  readonly open: (path: string, epoch: bigint) => Promise<Opened>;
  /** Copies a store that may be written to; false when the copy is torn. */
  readonly copy: (from: string, to: string) => Promise<boolean>;
  /** Between two tries to copy. */
  readonly wait: () => Promise<void>;
  /** Told where another process, by its number if it is known, has the files open: a copy is taken over. */
  readonly onElsewhere: (holder: number | null) => void;
}

/**
 * Where the state of a partition came from: there was none; the files of an owner that is gone; a copy of the files of one
 * that may not be; or, where neither could be had, from nothing, so that the source must be read again from its start.
 */
export type TakenFrom = 'new' | 'moved' | 'copied' | 'replay';

export interface Taken<Opened> {
  readonly epoch: bigint;
  readonly from: TakenFrom;
  readonly opened: Opened;
}

/**
 * Claims a partition and takes its newest store over, into files that no earlier owner has a name for.
 *
 * The files are moved, and opened: DuckDB's lock says whether somebody still has them open. If so, the owner is perhaps
 * stopped in the middle of a commit, and may go on at any time: then another epoch gets a copy. What cannot be
 * taken over is set aside.
 *
 * @throws FencedError when another claim came later. @throws StoreError for a store of another version.
 */
export async function takeOver<Opened>(partition: TakeoverSteps, ports: TakeoverPorts<Opened>): Promise<Taken<Opened>> {
  let epoch = await partition.raise();
  let mayMove = true;
  let isLost = false;
  try {
    for (let torn = 0; ; ) {
      const newest = isLost ? null : await partition.newestStore();
      // After the look: what a newer owner has begun by now must be left to it.
      await partition.check(epoch);
      const isHere = newest !== null && (await partition.machineOf(newest)) === ports.machine;
      let from: TakenFrom;
      if (newest === null) {
        await partition.begin(epoch, ports.machine);
        from = isLost ? 'replay' : 'new';
      } else if (isHere && mayMove) {
        if (!(await partition.move(newest, epoch))) continue;
        from = 'moved';
      } else if (await ports.copy(await partition.storePath(newest), await partition.copyingPath(epoch))) {
        await partition.finish(epoch, ports.machine);
        from = 'copied';
      } else {
        torn += 1;
        if (torn < COPY_TRIES_MAX) await ports.wait();
        else isLost = await partition.setAside(newest);
        continue;
      }
      const opened = await openOrFault(partition, ports, epoch);
      if ('opened' in opened) {
        await partition.removeBefore(epoch);
        return { epoch, from, opened: opened.opened };
      }
      if (opened.fault === 'not-whole') isLost = await partition.setAside(epoch);
      else ports.onElsewhere(opened.holder);
      mayMove = false;
      epoch = await partition.raise(epoch);
    }
  } catch (error) {
    // What a newer owner moved or removed is missing here: that is its doing, and no fault of a disk.
    await partition.check(epoch);
    throw error;
  }
}

async function openOrFault<Opened>(
  partition: TakeoverSteps,
  { open }: TakeoverPorts<Opened>,
  epoch: bigint,
): Promise<
  { readonly opened: Opened } | { readonly fault: 'open-elsewhere' | 'not-whole'; readonly holder: number | null }
> {
  try {
    return { opened: await open(await partition.storePath(epoch), epoch) };
  } catch (error) {
    await partition.check(epoch);
    if (error instanceof StoreError && (error.fault === 'open-elsewhere' || error.fault === 'not-whole')) {
      return { fault: error.fault, holder: error.holder };
    }
    throw error;
  }
}
