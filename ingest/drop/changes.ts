import { watch } from 'node:fs';
import { DROP_POLL_MS_MIN } from './limits.ts';

/** Waits for something to happen in a folder: file systems of other machines tell nothing, so the wait has an end. */
export class Changes {
  readonly #close: () => void;
  #wake: () => void = () => {};
  #hasChanged = false;

  constructor(path: string) {
    const onChange = () => {
      this.#hasChanged = true;
      this.#wake();
    };
    try {
      const watcher = watch(path, { persistent: false }, onChange);
      // Without it the folder is still looked at every DROP_POLL_MS.
      watcher.on('error', () => watcher.close());
      this.#close = () => watcher.close();
    } catch {
      this.#close = () => {};
    }
  }

  async next(msMax: number, stopped: AbortSignal): Promise<void> {
    await this.#sleep(DROP_POLL_MS_MIN, stopped, false);
    const restMs = msMax - DROP_POLL_MS_MIN;
    if (restMs > 0 && !this.#hasChanged && !stopped.aborted) await this.#sleep(restMs, stopped, true);
    this.#hasChanged = false;
  }

  close(): void {
    this.#close();
  }

  #sleep(ms: number, stopped: AbortSignal, endsWithChange: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    if (endsWithChange) this.#wake = resolve;
    const stop = () => resolve();
    stopped.addEventListener('abort', stop);
    return promise.finally(() => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', stop);
      this.#wake = () => {};
    });
  }
}
