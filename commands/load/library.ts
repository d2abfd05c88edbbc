import { type SorterScan, scanFromLine } from '../../client/index.ts';
import { readPicture } from './picture.ts';

/** Pieces that are held ready; beyond them they are given out again. 200,000 payloads take 200 MB. */
export const LIBRARY_PIECES_MAX = 200_000;
/** Bytes of marks: 100,000 crops or 3,000 faces. */
const LIBRARY_BYTES_MAX = 512 * 1024 * 1024;

interface Filling {
  readonly pieces: number;
  /** Tells the scan ids from those of other runs. */
  readonly run: string;
  /** False where the token of a sorter says the plant. */
  readonly withPlants: boolean;
  /** That the pictures lie in. */
  readonly folder: string;
}

/** Pieces franked, printed and read from the disk before the clock starts, so that nothing of it takes time later. */
export class Library {
  readonly #scans: readonly SorterScan[];
  readonly #run: string;

  constructor(scans: readonly SorterScan[], run: string) {
    this.#scans = scans;
    this.#run = run;
  }

  /** Takes lines until there are enough pieces, or as many as may be held. */
  static async fill(
    chunks: AsyncIterable<{ readonly lines: string }>,
    { pieces, run, withPlants, folder }: Filling,
  ): Promise<Library> {
    const scans: SorterScan[] = [];
    let bytes = 0;
    for await (const { lines } of chunks) {
      for (const line of lines.split('\n')) {
        const file = line === '' ? null : scanFromLine(line);
        if (file === null) continue;
        const { plant: _, ...placeless } = file.scan;
        const image = file.image === null ? {} : { image: await readPicture(file.image, folder) };
        const scan: SorterScan = { ...(withPlants ? file.scan : placeless), ...image };
        bytes += (scan.payload?.length ?? 0) + (scan.image?.length ?? 0);
        scans.push(scan);
      }
      if (scans.length >= Math.min(pieces, LIBRARY_PIECES_MAX) || bytes >= LIBRARY_BYTES_MAX) break;
    }
    return new Library(scans, run);
  }

  get pieces(): number {
    return this.#scans.length;
  }

  /** From the second round on each is another scan of the same mailpiece, as on a second machine. */
  at(index: number): SorterScan {
    const scan = this.#scans[index % this.#scans.length];
    if (scan === undefined) throw new RangeError('a library without pieces');
    const round = Math.floor(index / this.#scans.length) + 1;
    return { ...scan, scanId: `${scan.scanId}/${this.#run}${round === 1 ? '' : `-${round}`}` };
  }

  range(first: number, count: number): SorterScan[] {
    return Array.from({ length: count }, (_, index) => this.at(first + index));
  }
}
