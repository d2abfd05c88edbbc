import { availableParallelism } from 'node:os';
import { move, Piscina, transferableSymbol, valueSymbol } from 'piscina';
import { type ImageAnswer, type ImageCounts, ImageReaders } from './decode/index.ts';
import type { Scan } from './indicium/index.ts';
import { parseScanLines, type ScanLines } from './ingest/index.ts';
import type { ImagesUnread, ReadBatch, ReadOrder } from './reader.ts';
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
  read(scans: readonly Scan[] | ScanLines): Promise<ReadBatch>;
  close(): Promise<void>;
}

const NO_IMAGES: ReadonlyMap<number, ImageAnswer> = new Map();

/**
 * `trust` is asked once for each batch: a batch is judged by one version of the trust list, whole, and the next batch
 * by a newer one as soon as there is one.
 */
export function createReaderPool(
  trust: () => TrustedKeys,
  workers: number = availableParallelism(),
  images: ImageReaders = new ImageReaders(workers),
): ReaderPool {
  const pool = new Piscina<unknown, ReadBatch | ImagesUnread>({
    filename: new URL('reader.ts', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
  });
  const run = (scans: readonly Scan[] | ScanLines, answers: ReadonlyMap<number, ImageAnswer>) => {
    const { version, keys } = trust();
    const order: ReadOrder = { scans, images: answers, trust: { version, keys } };
    const buffers = 'text' in scans ? [scans.text.buffer, scans.ends.buffer] : [];
    return pool.run(move({ [valueSymbol]: order, [transferableSymbol]: buffers }));
  };
  return {
    workers,
    get imageCounts() {
      return images.counts;
    },
    async read(scans) {
      const isText = 'text' in scans;
      if (isText && !scans.mayNameImages) {
        const read = await run(scans, NO_IMAGES);
        return 'columns' in read ? read : readImagesFirst(read.scans, images, run);
      }
      return readImagesFirst(isText ? [...parseScanLines(scans)] : scans, images, run);
    },
    async close() {
      images.close();
      await pool.destroy();
    },
  };
}

async function readImagesFirst(
  scans: readonly Scan[],
  images: ImageReaders,
  run: (scans: readonly Scan[], answers: ReadonlyMap<number, ImageAnswer>) => Promise<ReadBatch | ImagesUnread>,
): Promise<ReadBatch> {
  const answers = new Map<number, ImageAnswer>();
  await Promise.all(
    scans.map(async ({ mark }, index) => {
      if (mark.kind !== 'image') return;
      const { kind, ...order } = mark;
      answers.set(index, await images.read(order));
    }),
  );
  const read = await run(scans.map(withoutBytes), answers);
  if ('columns' in read) return read;
  throw new Error('a reader asked for images that had been read');
}

/** What was read of an image is enough for who verifies it. */
function withoutBytes(scan: Scan): Scan {
  if (scan.mark.kind !== 'image' || scan.mark.bytes === undefined) return scan;
  const { bytes, ...mark } = scan.mark;
  return { ...scan, mark };
}
