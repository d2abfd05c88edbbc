import { watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WakeUp } from '../../sharing/index.ts';
import { DROP_POLL_MS_MIN } from './limits.ts';

/** Waits for something to happen in a folder: file systems of other machines tell nothing, so the wait has an end. */
export class Changes {
  readonly #close: () => void;
  readonly #wakeUp = new WakeUp();
  #hasChanged = false;

  constructor(path: string) {
    const onChange = () => {
      this.#hasChanged = true;
      this.#wakeUp.wake();
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
    const stop = () => this.#wakeUp.wake();
    stopped.addEventListener('abort', stop);
    await sleep(DROP_POLL_MS_MIN, undefined, { signal: stopped }).catch(() => {});
    const restMs = msMax - DROP_POLL_MS_MIN;
    if (restMs > 0 && !this.#hasChanged && !stopped.aborted) await this.#wakeUp.waitUpTo(restMs);
    stopped.removeEventListener('abort', stop);
    this.#hasChanged = false;
  }

  close(): void {
    this.#close();
  }
}
