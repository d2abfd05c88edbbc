import type { Scan } from '../indicium/index.ts';
import type { Store } from './store/store.ts';

export interface SortedScans {
  readonly fresh: readonly Scan[];
  /** The scan id is known, but with other contents. */
  readonly conflicting: readonly Scan[];
  /** Delivered again: known by scan id and contents. */
  readonly repeated: number;
}

/** Tells scans that were delivered before from new ones, whether they are in the store or still on their way to it. */
export class KnownScans {
  readonly #store: Pick<Store, 'digestsOf'>;
  /** Digests by scan id, of scans that were sorted and are not recorded yet: as many as there are batches ahead. */
  readonly #onTheWay = new Map<string, bigint[]>();

  constructor(store: Pick<Store, 'digestsOf'>) {
    this.#store = store;
  }

  /** No batch may be recorded while another is sorted: a scan would be looked for after it left the one place and before it is in the other. */
  async sort(scans: readonly Scan[]): Promise<SortedScans> {
    const stored = await this.#store.digestsOf(scans);
    const fresh: Scan[] = [];
    const conflicting: Scan[] = [];
    let repeated = 0;
    for (const scan of scans) {
      const underway = this.#onTheWay.get(scan.scanId);
      const recorded = stored.get(scan.scanId);
      if (underway === undefined && recorded === undefined) fresh.push(scan);
      else if (underway?.includes(scan.digest) || recorded?.has(scan.digest)) {
        repeated += 1;
        continue;
      } else conflicting.push(scan);
      if (underway === undefined) this.#onTheWay.set(scan.scanId, [scan.digest]);
      else underway.push(scan.digest);
    }
    return { fresh, conflicting, repeated };
  }

  recorded(scans: readonly Scan[]): void {
    for (const { scanId, digest } of scans) {
      const left = (this.#onTheWay.get(scanId) ?? []).filter((underway) => underway !== digest);
      if (left.length === 0) this.#onTheWay.delete(scanId);
      else this.#onTheWay.set(scanId, left);
    }
  }
}
