import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { Mark } from './indicium/index.ts';
import type { ReadBatch } from './reader.ts';
import type { Registry } from './verify/index.ts';

/** Workers that decode and verify. */
export interface ReaderPool {
  readonly workers: number;
  read(marks: readonly Mark[]): Promise<ReadBatch>;
  close(): Promise<void>;
}

export function createReaderPool(registry: Registry, workers: number = availableParallelism()): ReaderPool {
  const pool = new Piscina<readonly Mark[], ReadBatch>({
    filename: new URL('reader.ts', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    workerData: registry,
  });
  return { workers, read: (marks) => pool.run(marks), close: () => pool.destroy() };
}
