import { SCANS_PER_KEY_KEPT_MAX } from '../limits.ts';

/** What was answered to a scan, as the store keeps it. */
export interface StoredAnswer {
  readonly disposition: string;
  /** Reason codes, with commas between them. */
  readonly reasons: string;
}

/** Scans that came under one key, by the digest of their contents, with what each was answered. */
export class UsedKey {
  readonly #answers = new Map<bigint, StoredAnswer>();
  #isComplete: boolean;

  private constructor(isComplete: boolean) {
    this.#isComplete = isComplete;
  }

  /** A key whose first scan is at hand, and no other was recorded. */
  static ofFirst(digest: bigint, answer: StoredAnswer): UsedKey {
    const used = new UsedKey(true);
    used.add(digest, answer);
    return used;
  }

  /** A key that the store knows, perhaps with more scans than are at hand. */
  static ofStore(): UsedKey {
    return new UsedKey(false);
  }

  /** Scans at hand. */
  get size(): number {
    return this.#answers.size;
  }

  /** False where a scan that is not at hand may be in the store. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Undefined for contents that are not at hand. */
  answerTo(digest: bigint): StoredAnswer | undefined {
    return this.#answers.get(digest);
  }

  /** Beyond the bound the oldest is left to the store. */
  add(digest: bigint, answer: StoredAnswer): void {
    if (this.#answers.size >= SCANS_PER_KEY_KEPT_MAX) {
      for (const oldest of this.#answers.keys()) {
        this.#answers.delete(oldest);
        break;
      }
      this.#isComplete = false;
    }
    this.#answers.set(digest, answer);
  }
}
