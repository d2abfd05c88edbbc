import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { VerdictColumnsBuilder } from '../../analytics/recorder/verdict-columns-builder.ts';
import type { ReasonCode, Scan } from '../../indicium/index.ts';
import { type DropOptions, dropFolder } from '../../ingest/index.ts';

export const DROPPED_AT_MS = Date.UTC(2026, 10, 22, 12);
export const DROPPED_DAY = '2026-11-22';

const POLL_MS = 2;

/** Takes everything that is there at once. */
export const AT_ONCE: DropOptions = { namePattern: '{machine}_{run}_{sequence}', settleMs: 0, patienceMs: 0 };

/** What a store would hold of a watched folder: outlives its watcher. */
export class RecordedDrops {
  /** Digests by scan id. */
  readonly scans = new Map<string, bigint[]>();
  readonly refused: string[] = [];
  deliveries = 0;

  /** As the recorder answers: a scan that is known as then, and one with a used scan id with a reason. */
  #record(scan: Scan): readonly ReasonCode[] {
    this.deliveries += 1;
    const known = this.scans.get(scan.scanId) ?? [];
    const own: readonly ReasonCode[] = scan.mark.kind === 'none' ? [scan.mark.reason] : [];
    if (known[0] === scan.digest || known.length === 0) {
      if (known.length === 0) this.scans.set(scan.scanId, [scan.digest]);
      return own;
    }
    if (!known.includes(scan.digest)) known.push(scan.digest);
    return ['scan-id-reused'];
  }

  /**
   * Watches until nothing is left to be taken, or it is told of something that ends it; `before` is called with the scans of
   * each batch before it is recorded.
   */
  async watch(
    folder: string,
    options = AT_ONCE,
    before: (scans: readonly Scan[]) => void | Promise<void> = () => {},
    isEnd: (sentence: string) => boolean = () => false,
  ): Promise<void> {
    const stop = new AbortController();
    const stopWhenEmpty = () => {
      if (offeredIn(folder).length + filesBelow(join(folder, 'taken')).length === 0) stop.abort();
    };
    // What an earlier run had answered is moved without anybody being told.
    const looking = setInterval(stopWhenEmpty, POLL_MS);
    const ports = {
      nowMs: () => DROPPED_AT_MS,
      stopped: stop.signal,
      onRefused: (sentence: string) => {
        this.refused.push(sentence);
        if (isEnd(sentence)) stop.abort();
        stopWhenEmpty();
      },
    };
    try {
      const source = await dropFolder(folder, options, ports);
      for await (const batch of source.batches(null)) {
        if ('text' in batch.scans) throw new TypeError('a dropped image is not a line');
        await before(batch.scans);
        const verdicts = new VerdictColumnsBuilder(batch.scans.length);
        for (const scan of batch.scans) verdicts.add({ disposition: 'manual', reasons: this.#record(scan) });
        const none = { repeatedRows: [], readings: null, readMs: 0, recordMs: 0 };
        await batch.acknowledge({ verdicts: verdicts.finish(), ...none });
        stopWhenEmpty();
      }
    } finally {
      clearInterval(looking);
    }
  }
}

/** Images and sidecars that wait to be taken. */
export function offeredIn(folder: string): string[] {
  return readdirSync(folder, 'latin1').filter((name) => /^[^.].*\.(png|jpe?g|tiff?|json)$/s.test(name));
}

/** Paths of all files below a folder, from there, in order; of files that move meanwhile, once or not at all. */
export function filesBelow(folder: string): string[] {
  return entriesOf(folder)
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name];
      return filesBelow(join(folder, entry.name)).map((path) => `${entry.name}/${path}`);
    })
    .toSorted();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
