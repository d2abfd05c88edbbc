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
  /** The commit that the lake has. */
  #written: bigint | null = null;
  #behindSinceMs: number | null = null;
  #failure: string | null = null;
  #backOffMs = BACK_OFF_FIRST_MS;
  #notBeforeMs = 0;
  #prunedAtMs = 0;
  #isFenced = false;

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
    await this.#merging;
    await this.#writing;
    if (!this.#isFenced && this.#lacks()) await this.#write();
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
    if (this.#isBusy || this.#isFenced || this.#behindSinceMs === null || nowMs < this.#notBeforeMs) return;
    const isDue = nowMs - this.#behindSinceMs >= DELAY_MS || this.#rowsBehind() >= STEP_ROWS_MAX;
    if (!isDue) return;
    this.#writing = this.#write();
  }

  #rowsBehind(): number {
    return Number(this.#source.rows - (this.#writer?.manifest.rows ?? 0n));
  }

  async #write(): Promise<void> {
    this.#isBusy = true;
    try {
      const { folder, owner } = this.#options;
      if (this.#writer === null) {
        // What still merges for a writer that failed would take the one that claims after it for another.
        await this.#merging;
        this.#writer = await LakeWriter.claim(folder, owner);
      }
      const writer = this.#writer;
      for (;;) {
        const { commitNumber } = this.#source;
        const startedAtMs = performance.now();
        const isAll = await this.#source.run((store) => writer.write(store));
        if (!isAll) continue;
        this.#written = commitNumber;
        this.#behindSinceMs = this.#lacks() ? startedAtMs : null;
        break;
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
    let isMerged = true;
    while (isMerged) isMerged = await mergeSome(writer, this.#stopped.signal);
    const nowMs = performance.now();
    if (nowMs - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = nowMs;
    await writer.prune();
  }

  /** What it was is told and tried again: a lake must not end what records. */
  #failed(error: unknown): void {
    if (this.#stopped.signal.aborted && this.#isFenced) return;
    this.#failure = error instanceof Error ? error.message : String(error);
    if (error instanceof FencedError) {
      this.#isFenced = true;
      return;
    }
    // Its newest version may not be the one that is remembered: it is claimed again.
    this.#writer = null;
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
