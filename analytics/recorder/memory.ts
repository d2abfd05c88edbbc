import type { Policy } from '../judge/default-policy.ts';
import { Judge } from '../judge/judge.ts';
import { SNAPSHOT_SCANS_MIN } from '../limits.ts';
import { loadSnapshot, writeSnapshot } from '../snapshot/snapshot.ts';
import { isStorageFailure } from '../store/failures.ts';
import { type Fence, FencedError } from '../store/fence.ts';
import type { Store } from '../store/store.ts';
import { KnownScans } from './known-scans.ts';
import { rebuild } from './rebuild.ts';

interface MemoryPorts {
  /** From how many new scans on a snapshot is worth its while. */
  readonly snapshotScansMin?: number;
  readonly onRestored?: (scans: number, of: number) => void;
  readonly store?: { readonly onNotice?: (sentence: string) => void };
}

/** What a recorder remembers of all evidence: sightings of pieces, and keys of scans. */
export class Memory {
  readonly judge: Judge;
  readonly known = new KnownScans();
  readonly #path: string;
  readonly #policy: Policy;
  readonly #ports: MemoryPorts;
  /** Rows that the last snapshot covers. */
  #snapshotRows = 0n;
  /** False while something was judged that is not recorded. */
  isInStep = true;

  constructor(path: string, policy: Policy, ports: MemoryPorts) {
    this.judge = new Judge(policy);
    this.#path = path;
    this.#policy = policy;
    this.#ports = ports;
  }

  /** As it stood when the store was written to last: from its snapshot, and from the evidence after that. */
  async fill(store: Store): Promise<void> {
    this.#snapshotRows = await loadSnapshot(store, this.#path, this.#policy, this);
    await rebuild(store, this, this.#snapshotRows, this.#ports.onRestored);
  }

  /**
   * Writes a snapshot where there is much that the last one does not cover. Without it the next start takes longer and knows the
   * same, so that a disk that is full is only told. What another owner has claimed is his to remember.
   */
  async keep(store: Store, fence: Fence): Promise<void> {
    const { snapshotScansMin = SNAPSHOT_SCANS_MIN } = this.#ports;
    if (!this.isInStep || store.rows - this.#snapshotRows < BigInt(snapshotScansMin)) return;
    try {
      fence.check();
      await writeSnapshot(store, this.#path, this.#policy, this);
      this.#snapshotRows = store.rows;
    } catch (error) {
      if (error instanceof FencedError) return;
      if (!(error instanceof Error) || !('errno' in error || isStorageFailure(error))) throw error;
      const sentence = `${this.#path}: the next start takes longer, since no snapshot was written: ${error.message}`;
      this.#ports.store?.onNotice?.(sentence);
    }
  }
}
