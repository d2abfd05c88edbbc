import { availableParallelism } from 'node:os';
import { move, Piscina, transferableSymbol, valueSymbol } from 'piscina';
import { type ImageAnswer, type ImageCounts, ImageReaders } from '../decode/process/index.ts';
import type { Scan } from '../indicium/index.ts';
import { type GivenUp, partOfLines, type ScanBatch, type ScanLines } from '../scans/index.ts';
import type { KeyTable, PlantZones } from '../verify/index.ts';
import { rowsThatEndThreads } from './read-apart.ts';
import type { Faults, ImagesUnread, ReadAnswer, ReadBatch, ReadOrder } from './reader.ts';

/** The keys of one version of the trust list. */
interface TrustedKeys {
  readonly version: number;
  readonly keys: KeyTable;
  /** Of plants, for times without one. */
  readonly zones?: PlantZones | null;
}

/** Whose batch it is, and when its turn comes, where several share the readers. */
type Sharing = Pick<ScanBatch, 'client' | 'turn'>;

/** Processes that read images, and threads that parse and verify. */
export interface ReaderPool {
  readonly workers: number;
  /** Images so far, by what read them. */
  readonly imageCounts: ImageCounts;
  /** Milliseconds that so many images of a client take when it has all processes for itself, by those of late. */
  imageMsFor(client: string, images: number): number;
  /** Starts the processes that read images, which otherwise start with the first image. */
  startImages(): void;
  read(scans: readonly Scan[] | ScanLines, sharing?: Sharing): Promise<ReadBatch>;
  close(): Promise<void>;
}

export interface ReaderPoolPorts {
  readonly images?: ImageReaders | undefined;
  /** Scans at which the program threw, or whose thread ended: bugs, which are answered and must be told to somebody. */
  readonly onFaults?: (faults: Faults) => void;
  /** When what is read now was received, by the clock of the post; null, as without it, where nobody knows. */
  readonly receivedAtMs?: (() => number) | undefined;
  /** What runs in a thread. */
  readonly entry?: URL;
}

/** Megabytes of JavaScript objects in a thread: the keys of a large post take 40, and a batch of lines is 14 at most. */
const THREAD_HEAP_MB_MAX = 512;

const NO_IMAGES: ReadonlyMap<number, ImageAnswer> = new Map();
const NONE: GivenUp = new Set();

/**
 * `trust` is asked once for each batch: a batch is judged by one version of the trust list, whole, and the next batch
 * by a newer one as soon as there is one.
 */
export function createReaderPool(
  trust: () => TrustedKeys,
  workers: number = availableParallelism(),
  ports: ReaderPoolPorts = {},
): ReaderPool {
  const {
    images = new ImageReaders(workers),
    onFaults = () => {},
    receivedAtMs = () => null,
    entry = new URL('reader.ts', import.meta.url),
  } = ports;
  let isClosed = false;
  const pool = new Piscina<unknown, ReadAnswer | ImagesUnread>({
    filename: entry.href,
    minThreads: workers,
    maxThreads: workers,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB_MAX },
  });
  const runOnce = (order: Omit<ReadOrder, 'trust'>) => {
    const { version, keys, zones = null } = trust();
    const whole: ReadOrder = { ...order, trust: { version, keys, zones } };
    return pool.run(move({ [valueSymbol]: whole, [transferableSymbol]: [] }));
  };

  /** A batch that ends its thread is read apart, and again without the scans at which threads end. */
  const run = async (order: Omit<ReadOrder, 'trust'>) => {
    const { scans } = order;
    try {
      return await runOnce(order);
    } catch (error) {
      if (isClosed) throw error;
      onFaults({ scans: 0, first: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      const rows = 'text' in scans ? scans.ends.length : scans.length;
      const endThreads = await rowsThatEndThreads(rows, (from, to) => isRead(partOf(order, from, to)));
      // Where no part of it does, the thread ended by accident. What fails without any of its scans is not the fault of
      // one.
      const everyRow = new Set(Array.from({ length: rows }, (_, row) => row));
      return await runOnce({ ...order, givenUp: endThreads }).catch(() => runOnce({ ...order, givenUp: everyRow }));
    }
  };
  const isRead = (order: Omit<ReadOrder, 'trust'>) =>
    runOnce(order).then(
      () => true,
      (error: unknown) => {
        if (isClosed) throw error;
        return false;
      },
    );
  const told = ({ faults, ...batch }: ReadAnswer): ReadBatch => {
    if (faults.scans > 0) onFaults(faults);
    return batch;
  };
  const verified = async (
    scans: readonly Scan[] | ScanLines,
    answers: ReadonlyMap<number, ImageAnswer>,
  ): Promise<ReadBatch> => {
    const read = await run({ scans, images: answers, givenUp: NONE, receivedAtMs: receivedAtMs() });
    if ('columns' in read) return told(read);
    throw new Error('a reader asked for images that had been read');
  };
  /** In a thread, since lines with images are long. */
  const parsedLines = async (scans: ScanLines): Promise<readonly Scan[]> => {
    const read = await run({ scans, images: NO_IMAGES, givenUp: NONE, receivedAtMs: null, isOnlyParsed: true });
    if ('scans' in read) return read.scans;
    throw new Error('a reader verified lines that were to be parsed only');
  };
  return {
    workers,
    get imageCounts() {
      return images.counts;
    },
    imageMsFor(client, count) {
      return (images.msOf(client) * count) / workers;
    },
    startImages() {
      images.start();
    },
    async read(scans, { client, turn } = {}) {
      if ('text' in scans && !scans.mayNameImages) {
        await turn?.();
        return verified(scans, NO_IMAGES);
      }
      // While the threads parse: started one after the other, the first image was read 0.3 s later.
      if ('text' in scans) images.start();
      const parsed = 'text' in scans ? await parsedLines(scans) : scans;
      const answers = await readImages(parsed, images, client);
      await turn?.();
      return verified(parsed.map(withoutBytes), answers);
    },
    async close() {
      isClosed = true;
      images.close();
      await pool.destroy();
    },
  };
}

function partOf(order: Omit<ReadOrder, 'trust'>, from: number, to: number): Omit<ReadOrder, 'trust'> {
  const { scans, images } = order;
  if ('text' in scans) return { ...order, scans: partOfLines(scans, from, to) };
  const its = [...images].flatMap(([row, answer]) => (row >= from && row < to ? [[row - from, answer] as const] : []));
  return { ...order, scans: scans.slice(from, to), images: new Map(its) };
}

async function readImages(
  scans: readonly Scan[],
  images: ImageReaders,
  client?: string,
): Promise<ReadonlyMap<number, ImageAnswer>> {
  const answers = new Map<number, ImageAnswer>();
  await Promise.all(
    scans.map(async ({ mark }, index) => {
      if (mark.kind !== 'image') return;
      const { kind, path, readFrom = path, ...rest } = mark;
      answers.set(index, await images.read({ ...rest, path: readFrom }, client));
    }),
  );
  return answers;
}

/** What was read of an image is enough for who verifies it. */
function withoutBytes(scan: Scan): Scan {
  if (scan.mark.kind !== 'image' || scan.mark.bytes === undefined) return scan;
  const { bytes, ...mark } = scan.mark;
  return { ...scan, mark };
}
