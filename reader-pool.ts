import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { type ImageCounts, ImageReaders } from './decode/index.ts';
import type { Scan } from './indicium/index.ts';
import type { ReadBatch, ReadOrder } from './reader.ts';
import type { KeyTable } from './verify/index.ts';

/** The keys of one version of the trust list. */
export interface TrustedKeys {
  readonly version: number;
  readonly keys: KeyTable;
}

/** Processes that read images, and threads that parse and verify. */
export interface ReaderPool {
  readonly workers: number;
  /** Images so far, by what read them. */
  readonly imageCounts: ImageCounts;
  read(scans: readonly Scan[]): Promise<ReadBatch>;
  close(): Promise<void>;
}

/**
 * `trust` is asked once for each batch: a batch is judged by one version of the trust list, whole, and the next batch
 * by a newer one as soon as there is one.
 */
export function createReaderPool(
  trust: () => TrustedKeys,
  workers: number = availableParallelism(),
  images: ImageReaders = new ImageReaders(workers),
): ReaderPool {
  const pool = new Piscina<ReadOrder, ReadBatch>({
    filename: new URL('reader.ts', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
  });
  return {
    workers,
    get imageCounts() {
      return images.counts;
    },
    async read(scans) {
      const marks = await Promise.all(scans.map((scan) => readable(scan, images)));
      const { version, keys } = trust();
      return pool.run({ marks, trust: { version, keys } });
    },
    async close() {
      images.close();
      await pool.destroy();
    },
  };
}

type OrderedMark = ReadOrder['marks'][number];

/** A promise only where there is an image: batches are mostly of thousands of payloads. */
function readable({ mark, scannedAtMs }: Scan, images: ImageReaders): OrderedMark | Promise<OrderedMark> {
  if (mark.kind !== 'image') return { mark, scannedAtMs };
  const { path, frame } = mark;
  return images
    .read(frame === undefined ? { path } : { path, frame })
    .then((answer) => ({ mark: { kind: 'read', answer }, scannedAtMs }));
}
