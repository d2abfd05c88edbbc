import { mkdirSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_POLICY, type Policy } from '../judge/default-policy.ts';
import type { Claimed } from '../recorder/recorder-messages.ts';
import { authorNow, type RecorderNotices, RecorderThread } from '../recorder/recorder-thread.ts';
import { FencedError } from '../store/fence.ts';
import type { TakenFrom } from './take-over.ts';

export interface PartitionNotices extends RecorderNotices {
  readonly onFenced: (error: FencedError) => void;
}

/** A recorder whose store belongs to it until somebody else claims its partition. */
export class PartitionRecorder extends RecorderThread {
  readonly #notices: PartitionNotices;
  #claimed: Claimed | null = null;

  private constructor(notices: PartitionNotices) {
    super(notices);
    this.#notices = notices;
  }

  static async claim(
    folder: string,
    partition: number,
    notices: PartitionNotices,
    policy: Policy,
  ): Promise<PartitionRecorder> {
    const recorder = new PartitionRecorder(notices);
    const author = authorNow(notices);
    const place = { folder, partition, machine: hostname(), lake: notices.lake?.folder ?? null };
    const claimed = await recorder.begin({ kind: 'claim', ...place, policy, author });
    if (!isClaimed(claimed)) throw new TypeError('the recorder gave another answer than was asked for');
    recorder.#claimed = claimed;
    return recorder;
  }

  /** Rises with every claim of the partition, by any process. */
  get epoch(): bigint {
    return this.#claim.epoch;
  }

  /** Where its state came from; after `replay` its positions are null, and all must be read again. */
  get from(): TakenFrom {
    return this.#claim.from;
  }

  /** The store of this epoch, which no other owner writes to. */
  get path(): string {
    return this.#claim.path;
  }

  get #claim(): Claimed {
    if (this.#claimed === null) throw new Error('a partition recorder was used before its claim');
    return this.#claimed;
  }

  /** Gives the partition up to a later claim of this process. */
  async lose(): Promise<void> {
    const error = new FencedError(`${this.path}: this process has claimed its partition again`);
    if (await this.end(error)) this.#notices.onFenced(error);
  }
}

/** The last claim of each partition by this process. */
const claims = new Map<string, Promise<PartitionRecorder>>();

/**
 * Claims a partition of a folder, takes over what its last owner recorded, and records from there on. Its previous
 * owner, here or in another process, gets FencedError from then on; one that is fenced and still meant to own it claims
 * again.
 *
 * @throws FencedError when somebody else claims it meanwhile. @throws StoreError for a store of another version.
 */
export async function claimPartition(
  folder: string,
  partition: number,
  notices: PartitionNotices,
  policy: Policy = DEFAULT_POLICY,
): Promise<PartitionRecorder> {
  mkdirSync(folder, { recursive: true });
  const root = realpathSync(folder);
  const key = join(root, String(partition));
  const earlier = claims.get(key);
  const claim = async () => {
    // The lock of a file keeps other processes out, and not the one that holds it. A failed claim is known to its
    // caller.
    await earlier?.then(
      (recorder) => recorder.lose(),
      () => {},
    );
    return PartitionRecorder.claim(root, partition, notices, policy);
  };
  const claimed = claim();
  claims.set(key, claimed);
  return claimed;
}

function isClaimed(result: unknown): result is Claimed {
  return typeof result === 'object' && result !== null && 'epoch' in result && 'from' in result;
}
