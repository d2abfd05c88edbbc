import { FencedError } from '../fence.ts';
import type { LakeSource } from './lake-source.ts';
import { type LakeOwner, LakeWriter } from './lake-writer.ts';
import { mergeSome } from './merge-process.ts';
import { STEP_ROWS_MAX } from './stage-rows.ts';

/** From the first commit that a lake lacks until it is written: with the writing itself, readers see it within five seconds. */
const DELAY_MS = 2_000;
const POLL_MS = 250;
const PRUNE_EVERY_MS = 60_000;
const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_MAX_MS = 30_000;
/** A lake that lacks more when its store is closed goes on after the next start. */
const FINISH_MS_MAX = 30_000;
/** Files that cannot be merged are a matter of room in the lake, not of rows. */
const MERGE_BACK_OFF_MAX_MS = 600_000;

/** How far a lake is behind its store. */
export interface LakeStatus {
  /** The version that readers see; null before there is one. */
  readonly version: number | null;
  /** Rows that the store has and the lake has not. */
  readonly rowsBehind: number;
  /** Since when it lacks something, in milliseconds since 1970 by a clock that nobody sets; null where it has all. */
  readonly behindSinceMs: number | null;
  /** Why it cannot be written now; null where it can. */
  readonly failure: string | null;
}

interface LakeKeeperOptions {
  readonly folder: string;
  readonly owner: LakeOwner;
  readonly onStatus: (status: LakeStatus) => void;
  readonly onMergeFailed: (reason: string) => void;
}

/**
 * Brings a lake up to its store while evidence is recorded, and merges its small files. A lake that cannot be written is behind
 * and says so; it is tried again, and never holds up a verdict.
 */
export class LakeKeeper {
  readonly #options: LakeKeeperOptions;
  readonly #source: LakeSource;
  readonly #timer: NodeJS.Timeout;
  readonly #stopped = new AbortController();
  #writer: LakeWriter | null = null;
  #writing: Promise<void> = Promise.resolve();
  #merging: Promise<void> = Promise.resolve();
  #isBusy = false;
  #isMerging = false;
  /** Rows that the lake had when it could be written last. */
  #lakeRows = 0n;
  /** The commit that the lake has. */
  #written: bigint | null = null;
  #behindSinceMs: number | null = null;
  #failure: string | null = null;
  #backOffMs = BACK_OFF_FIRST_MS;
  #notBeforeMs = 0;
  #prunedAtMs = Number.NEGATIVE_INFINITY;
  /** From when on a step is the last one. */
  #endsAtMs = Number.POSITIVE_INFINITY;
  #mergeNotBeforeMs = 0;
  #mergeBackOffMs = BACK_OFF_FIRST_MS;
  #isFenced = false;
  /** Its newest version may not be the one that the writer remembers. */
  #isUnsure = false;

  constructor(source: LakeSource, options: LakeKeeperOptions) {
    this.#source = source;
    this.#options = options;
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
    this.#timer.unref();
  }

  /** Brings the lake up to the last commit, if it can be written, and ends. The store must still be open. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    this.#endsAtMs = performance.now() + FINISH_MS_MAX;
    await this.#merging;
    await this.#writing;
    if (!this.#isFenced && this.#lacks()) await this.#write();
    // A run that is over sooner than a version would never remove one.
    await this.#prune().catch((error: unknown) => this.#failed(error));
    this.#tell();
  }

  /** Ends at once. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    this.#isFenced = true;
    await this.#merging;
    await this.#writing;
  }

  #lacks(): boolean {
    return this.#written !== this.#source.commitNumber;
  }

  #poll(): void {
    const nowMs = performance.now();
    if (this.#lacks()) this.#behindSinceMs ??= nowMs;
    if (this.#behindSinceMs !== null) this.#tell();
    if (this.#isBusy || this.#isFenced || this.#behindSinceMs === null || nowMs < this.#notBeforeMs) return;
    const isDue = nowMs - this.#behindSinceMs >= DELAY_MS || this.#rowsBehind() >= STEP_ROWS_MAX;
    if (!isDue) return;
    this.#writing = this.#write();
  }

  #rowsBehind(): number {
    this.#lakeRows = this.#writer?.manifest.rows ?? this.#lakeRows;
    return Number(this.#source.rows - this.#lakeRows);
  }

  async #write(): Promise<void> {
    this.#isBusy = true;
    try {
      const { folder, owner } = this.#options;
      if (this.#isUnsure && this.#writer?.isCurrent !== true) this.#writer = null;
      this.#isUnsure = false;
      if (this.#writer === null) {
        // What still merges for a writer that failed would take the one that claims after it for another.
        await this.#merging;
        this.#writer = await this.#source.run(({ connection }) => LakeWriter.claim(folder, owner, connection));
      }
      const writer = this.#writer;
      // Of a writer that ends, what is left is written after the next start.
      for (let isAll = false; !isAll && !this.#isFenced && performance.now() < this.#endsAtMs; ) {
        const { commitNumber } = this.#source;
        const startedAtMs = performance.now();
        isAll = await this.#source.run((store) => writer.write(store));
        if (!isAll) continue;
        this.#written = commitNumber;
        this.#behindSinceMs = this.#lacks() ? startedAtMs : null;
      }
      this.#failure = null;
      this.#backOffMs = BACK_OFF_FIRST_MS;
      this.#keepOrder(writer);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isBusy = false;
    }
    this.#tell();
  }

  /** Merges and prunes beside the writing, one at a time. */
  #keepOrder(writer: LakeWriter): void {
    if (this.#isMerging || this.#stopped.signal.aborted) return;
    this.#isMerging = true;
    this.#merging = this.#mergeAll(writer)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#isMerging = false;
      });
  }

  async #mergeAll(writer: LakeWriter): Promise<void> {
    if (performance.now() >= this.#mergeNotBeforeMs) {
      try {
        let isMerged = true;
        while (isMerged) isMerged = await mergeSome(writer, this.#stopped.signal);
        this.#mergeBackOffMs = BACK_OFF_FIRST_MS;
      } catch (error) {
        if (error instanceof FencedError) throw error;
        this.#options.onMergeFailed(error instanceof Error ? error.message : String(error));
        this.#mergeNotBeforeMs = performance.now() + this.#mergeBackOffMs;
        this.#mergeBackOffMs = Math.min(8 * this.#mergeBackOffMs, MERGE_BACK_OFF_MAX_MS);
      }
    }
    if (!this.#stopped.signal.aborted) await this.#prune();
  }

  async #prune(): Promise<void> {
    const nowMs = performance.now();
    if (this.#isFenced || nowMs - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = nowMs;
    await this.#writer?.prune();
  }

  /** What it was is told and tried again: a lake must not end what records. */
  #failed(error: unknown): void {
    if (this.#stopped.signal.aborted && this.#isFenced) return;
    this.#failure = error instanceof Error ? error.message : String(error);
    if (error instanceof FencedError) {
      this.#isFenced = true;
      return;
    }
    this.#isUnsure = true;
    this.#notBeforeMs = performance.now() + this.#backOffMs;
    this.#backOffMs = Math.min(2 * this.#backOffMs, BACK_OFF_MAX_MS);
  }

  #tell(): void {
    this.#options.onStatus({
      version: this.#writer?.manifest.version ?? null,
      rowsBehind: this.#rowsBehind(),
      behindSinceMs: this.#behindSinceMs === null ? null : performance.timeOrigin + this.#behindSinceMs,
      failure: this.#failure,
    });
  }
}
