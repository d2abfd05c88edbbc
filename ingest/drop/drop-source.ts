import { REASONS, type Scan, UNUSABLE_SCANS, verdictAt } from '../../indicium/index.ts';
import {
  BATCH_IMAGES_MAX,
  type BatchAnswers,
  type ScanBatch,
  type ScanSource,
  SourceError,
} from '../../scans/index.ts';
import { type Arrival, Arrivals, type SettlingTimes } from './arrivals.ts';
import { Changes } from './changes.ts';
import { DropFolder, type TakenItem } from './drop-folder.ts';
import { type ItemScan, scanOfItem } from './drop-scan.ts';
import { keptStem, pathOf, type RawName, stemOf } from './file-names.ts';
import { DROP_AT_ONCE, DROP_BATCH_BYTES_MAX, DROP_POLL_MS, DROP_POLL_MS_MIN } from './limits.ts';
import { type NamePattern, parseNamePattern } from './name-pattern.ts';

export interface DropOptions extends SettlingTimes {
  /** Such as `{machine}_{run}_{sequence}`; null where every image has a sidecar. */
  readonly namePattern: string | null;
}

export interface DropPorts {
  /** Milliseconds since 1970: decides the day under which files are kept. */
  readonly nowMs: () => number;
  /** Ends the source: nothing more is taken, and what was taken is given. */
  readonly stopped: AbortSignal;
  /** A file is not a scan: it was moved to failed/, or stays in the folder or in taken/; a sentence that names it. */
  readonly onRefused: (sentence: string) => void;
}

/**
 * Watches a folder into which sorters drop images with sidecars, until it is stopped. Files are moved to done/ or
 * failed/ when their verdicts are durable; docs/FOLDER_DROP.md says what may be relied on.
 *
 * @throws SourceError when the folder cannot be used, or the pattern cannot tell scans apart.
 */
export async function dropFolder(path: string, options: DropOptions, ports: DropPorts): Promise<ScanSource> {
  if (options.patienceMs < options.settleMs) {
    throw new SourceError(`${path}: patience of ${options.patienceMs} ms ends before a file has settled`);
  }
  const pattern = options.namePattern === null ? null : parseNamePattern(options.namePattern);
  const folder = await DropFolder.open(path, ports.onRefused);
  return {
    name: `drop:${folder.path}`,
    async *batches() {
      const taker = new Taker(folder, pattern, ports);
      for (const items of inGroups(await folder.recover())) {
        for (const read of await taker.read(items)) if (await taker.add(read)) yield taker.batch();
      }
      if (!taker.isEmpty) yield taker.batch();
      const describesItself = (rawStem: RawName) => (pattern?.fieldsOf(keptStem(rawStem)) ?? null) !== null;
      const arrivals = new Arrivals(folder.path, options, describesItself, (name) =>
        ports.onRefused(`${pathOf(folder.path, name)}: left where it is: neither an image nor a sidecar by its name`),
      );
      const changes = new Changes(folder.path);
      try {
        while (!ports.stopped.aborted) {
          const arrived = await look(arrivals, folder.path);
          for (const group of inGroups(arrived)) {
            if (ports.stopped.aborted) break;
            for (const read of await taker.read(await taker.take(group))) {
              if (await taker.add(read)) yield taker.batch();
            }
          }
          if (!taker.isEmpty) yield taker.batch();
          await changes.next(arrived.length > 0 ? DROP_POLL_MS_MIN : DROP_POLL_MS, ports.stopped);
        }
      } finally {
        changes.close();
      }
    },
  };
}

async function look(arrivals: Arrivals, path: string): Promise<Arrival[]> {
  try {
    return await arrivals.look(performance.now());
  } catch (error) {
    throw new SourceError(`${path}: can be read no longer: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** Of so many files each step is done at once: waiting for the disk of another machine, not the disk, takes the time. */
function inGroups<Item>(items: readonly Item[]): Item[][] {
  const starts = Array.from({ length: Math.ceil(items.length / DROP_AT_ONCE) }, (_, index) => index * DROP_AT_ONCE);
  return starts.map((start) => items.slice(start, start + DROP_AT_ONCE));
}

interface ReadItem {
  readonly item: TakenItem;
  readonly made: ItemScan;
}

interface Given {
  readonly item: TakenItem;
  readonly scan: Scan;
}

/** Makes batches of what it takes. */
class Taker {
  readonly #folder: DropFolder;
  readonly #pattern: NamePattern | null;
  readonly #ports: DropPorts;
  #given: Given[] = [];
  #bytes = 0;

  constructor(folder: DropFolder, pattern: NamePattern | null, ports: DropPorts) {
    this.#folder = folder;
    this.#pattern = pattern;
    this.#ports = ports;
  }

  get isEmpty(): boolean {
    return this.#given.length === 0;
  }

  /** Without those that are gone. Of several with one stem the first keeps it: each is taken after the one before. */
  async take(arrivals: readonly Arrival[]): Promise<TakenItem[]> {
    const day = new Date(this.#ports.nowMs()).toISOString().slice(0, 10);
    const lastOf = new Map<RawName, Promise<unknown>>();
    const taken = arrivals.map(({ image, sidecar }) => {
      const stem = stemOf(image ?? sidecar ?? '');
      const before = lastOf.get(stem) ?? Promise.resolve();
      const item = before.then(() => this.#folder.take(image, sidecar, day));
      lastOf.set(stem, item);
      return item;
    });
    return (await Promise.all(taken)).filter((item) => item !== null);
  }

  read(items: readonly TakenItem[]): Promise<ReadItem[]> {
    const read = items.map(async (item) => {
      return { item, made: await scanOfItem(item, this.#pattern, this.#folder.imagePathOf(item)) };
    });
    return Promise.all(read);
  }

  /** True when the batch is full. What is not a scan is refused at once. */
  async add({ item, made }: ReadItem): Promise<boolean> {
    if ('problem' in made) {
      const file = item.image ?? item.sidecar ?? item.stem;
      await this.#folder.finish(item, 'failed', { file, problem: made.problem });
      this.#ports.onRefused(`${this.#folder.path}/${file}: ${made.problem}; it was moved to failed/`);
      return false;
    }
    this.#given.push({ item, scan: made.scan });
    this.#bytes += made.bytes;
    return this.#given.length >= BATCH_IMAGES_MAX || this.#bytes >= DROP_BATCH_BYTES_MAX;
  }

  batch(): ScanBatch {
    const given = this.#given;
    this.#given = [];
    this.#bytes = 0;
    return {
      scans: given.map(({ scan }) => scan),
      position: null,
      notices: [],
      acknowledge: async (answers) => {
        await Promise.all(given.map((one, row) => finish(this.#folder, one, answers, row)));
      },
    };
  }
}

async function finish(folder: DropFolder, { item, scan }: Given, answers: BatchAnswers, row: number): Promise<void> {
  const { disposition, reasons } = verdictAt(answers.verdicts, row);
  if (!reasons.some((code) => UNUSABLE_SCANS.has(code))) return folder.finish(item, 'done');
  const detail = scan.mark.kind === 'none' ? { detail: scan.mark.detail } : {};
  return folder.finish(item, 'failed', {
    file: item.image ?? item.sidecar,
    scanId: scan.scanId,
    disposition,
    reasons: reasons.map((code) => ({ code, sentence: REASONS[code] })),
    ...detail,
  });
}
