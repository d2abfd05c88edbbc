import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { Scan } from './indicium/index.ts';
import type { ReadBatch, ReadOrder } from './reader.ts';
import type { KeyTable } from './verify/index.ts';

/** The keys of one version of the trust list. */
export interface TrustedKeys {
  readonly version: number;
  readonly keys: KeyTable;
}

/** Workers that decode and verify. */
export interface ReaderPool {
  readonly workers: number;
  read(scans: readonly Scan[]): Promise<ReadBatch>;
  close(): Promise<void>;
}

/**
 * `trust` is asked once for each batch: a batch is judged by one version of the trust list, whole, and the next batch
 * by a newer one as soon as there is one.
 */
export function createReaderPool(trust: () => TrustedKeys, workers: number = availableParallelism()): ReaderPool {
  const pool = new Piscina<ReadOrder, ReadBatch>({
    filename: new URL('reader.ts', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
  });
  return {
    workers,
    read(scans) {
      const { version, keys } = trust();
      const marks = scans.map(({ mark, scannedAtMs }) => ({ mark, scannedAtMs }));
      return pool.run({ marks, trust: { version, keys } });
    },
    close: () => pool.destroy(),
  };
}
