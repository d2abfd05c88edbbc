import { join } from 'node:path';
import { openStores, Recorder } from '../../analytics/index.ts';
import { type LakeOwner, LakeWriter } from '../../analytics/store/lake/lake-writer.ts';
import { merge } from '../../analytics/store/lake/merge.ts';
import { mergeSome } from '../../analytics/store/lake/merge-process.ts';
import { BASE_TABLES } from '../../analytics/store/queries/export.ts';
import type { Scan } from '../../indicium/index.ts';
import { readingColumnsOf, scanOf } from './evidence.ts';
import { SmallWorld } from './marks.ts';
import { NEVER_PAUSED } from './recording.ts';

/** Few rows are merged, as a million are. */
export const SMALL_LIMITS = { fullRows: 40, filesMax: 4 };

/** Of the only store of a lake. */
export const OWNER: LakeOwner = { partition: 0, epoch: 0n, nowMs: () => null };

/** Orders are carried out in this process: a process for each takes half a second. */
export async function mergeHere(order: Parameters<typeof merge>[0]): Promise<string | null> {
  return merge(order).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** A store that records the mail of a small world, and a lake beside it. */
export class LakeWorld {
  readonly world = new SmallWorld(2, 2, 'lake');
  readonly store: string;
  readonly lake: string;
  #recorder: Recorder | null = null;
  #writer: LakeWriter | null = null;
  #scans = 0;

  /** Another lake than its own, where several stores write one. */
  constructor(folder: string, lake = join(folder, 'lake')) {
    this.store = join(folder, 'store.duckdb');
    this.lake = lake;
  }

  async recorder(): Promise<Recorder> {
    this.#recorder ??= await Recorder.open(this.store, NEVER_PAUSED);
    return this.#recorder;
  }

  async writer(owner: LakeOwner = OWNER): Promise<LakeWriter> {
    this.#writer ??= await LakeWriter.claim(this.lake, owner);
    return this.#writer;
  }

  async setRegistry(version = this.world.registry.version): Promise<void> {
    await (await this.recorder()).setRegistry({ ...this.world.registry, version });
  }

  /** Scans of new pieces, the last of them a copy where that is asked for. */
  async record(count: number, changes: Partial<Scan> = {}, isCopied = false): Promise<void> {
    const pieces = Array.from({ length: count }, () => this.world.frank(this.#scans % 2, (this.#scans >> 1) % 2));
    if (isCopied) pieces.push(pieces[0] ?? this.world.frank());
    const scans = pieces.map((payload) => {
      this.#scans += 1;
      return scanOf({ scanId: `scan ${this.#scans}`, mark: { kind: 'payload', payload }, ...changes });
    });
    const readings = readingColumnsOf(scans, this.world.registry);
    await (await this.recorder()).record([{ readings, source: 'test', position: `${this.#scans}` }]);
  }

  async detect(): Promise<void> {
    await (await this.recorder()).detect();
  }

  /** Until the lake has all. */
  async write(owner: LakeOwner = OWNER): Promise<void> {
    const [recorder, writer] = [await this.recorder(), await this.writer(owner)];
    let isAll = false;
    while (!isAll) isAll = await recorder.lakeSource.run((store) => writer.write(store));
  }

  async merge(): Promise<number> {
    const { signal } = new AbortController();
    let merges = 0;
    while (await mergeSome(await this.writer(), signal, { limits: SMALL_LIMITS, run: mergeHere })) merges += 1;
    return merges;
  }

  /** As after a kill: the next step claims anew. */
  forgetWriter(): void {
    this.#writer = null;
  }

  close(): void {
    this.#recorder?.close();
    this.#recorder = null;
  }
}

/** Each table of what is opened, row by row, as text. */
export async function tablesOf(...addresses: string[]): Promise<Record<string, string[]>> {
  const reader = await openStores(addresses);
  const tables: Record<string, string[]> = {};
  try {
    for (const table of BASE_TABLES) {
      const result = await reader.stream(`select to_json(t)::varchar from ${table} as t`);
      const rows: string[] = [];
      for await (const chunk of result.yieldRows()) rows.push(...chunk.map(([row]) => String(row)));
      tables[table] = rows.toSorted();
    }
  } finally {
    reader.close();
  }
  return tables;
}
