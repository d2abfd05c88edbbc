import type { RecorderThread } from '../analytics/recorder/index.ts';
import type { TrustWatch } from './trust-watch.ts';

/**
 * Hands the registry in use on to a store: its judge and its detectors go by the registry of the store, readers by the one in
 * memory. Without the places of the plants, two scans far from each other would only be doubted.
 */
export class RegistryInUse {
  readonly #recorder: Pick<RecorderThread, 'setRegistry'>;
  readonly #trust: Pick<TrustWatch, 'current'>;
  #version: number | null = null;
  #taken = Promise.resolve();

  constructor(recorder: Pick<RecorderThread, 'setRegistry'>, trust: Pick<TrustWatch, 'current'>) {
    this.#recorder = recorder;
    this.#trust = trust;
  }

  /**
   * Answers when the store has the registry in use. What comes while a list is being taken waits for it as well: batches must
   * not overtake each other.
   *
   * @throws StoreError when the store is of another post, or saw a newer registry.
   */
  take(): Promise<void> {
    const { current } = this.#trust;
    if (current.version === this.#version) return this.#taken;
    this.#version = current.version;
    this.#taken = this.#recorder.setRegistry(current).catch((error: unknown) => {
      this.#version = null;
      throw error;
    });
    return this.#taken;
  }

  /** Does the work by the registry in use: a batch is judged by it, and detectors look by it. */
  async before<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.take();
    return work();
  }
}
