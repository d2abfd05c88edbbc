import type { LakePorts, LakeStatus } from '../analytics/recorder/index.ts';

/** How far a lake is behind its store, when somebody asks. */
export interface LakeBehind {
  readonly rows: number;
  /** Seconds since it lacks something; 0 where it has all. */
  readonly seconds: number;
  /** Why it cannot be written now; null where it can. */
  readonly failure: string | null;
}

/** Listens to how a lake gets on, and says when it cannot be written, and when it can again. */
export class LakeWatch implements LakePorts {
  readonly folder: string;
  readonly #onNotice: (sentence: string) => void;
  #status: LakeStatus = { version: null, rowsBehind: 0, behindSinceMs: null, failure: null };

  constructor(folder: string, onNotice: (sentence: string) => void) {
    this.folder = folder;
    this.#onNotice = onNotice;
  }

  readonly onStatus = (status: LakeStatus): void => {
    const before = this.#status.failure;
    this.#status = status;
    if (status.failure !== null && status.failure !== before) {
      this.#onNotice(`the lake is behind, and recording goes on: ${status.failure}`);
    }
    if (status.failure === null && before !== null) this.#onNotice(`${this.folder}: the lake can be written again`);
  };

  get behind(): LakeBehind {
    const { rowsBehind, behindSinceMs, failure } = this.#status;
    const nowMs = performance.timeOrigin + performance.now();
    const seconds = behindSinceMs === null ? 0 : Math.max(0, (nowMs - behindSinceMs) / 1_000);
    return { rows: rowsBehind, seconds, failure };
  }
}
