import { isStorageFailure } from '../analytics/index.ts';
import type { RecorderThread } from '../analytics/recorder/index.ts';
import type { Log } from '../server/index.ts';
import type { Metrics } from '../server/sorter/index.ts';
import { RegistryInUse } from './registry-in-use.ts';
import type { TrustWatch } from './trust-watch.ts';

interface DetectorSchedulerPorts {
  readonly recorder: Pick<RecorderThread, 'detect' | 'setRegistry'>;
  readonly trust: TrustWatch;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Something broke that will not pass. */
  readonly onFailed: (error: unknown) => void;
}

/** Runs the detectors over what is new, from time to time, while scans go on being recorded. */
export class DetectorScheduler {
  readonly #ports: DetectorSchedulerPorts;
  readonly #everySeconds: number;
  readonly #registry: RegistryInUse;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** Seconds from the end of one look to the beginning of the next; 0 for none. */
  constructor(everySeconds: number, ports: DetectorSchedulerPorts) {
    this.#everySeconds = everySeconds;
    this.#ports = ports;
    this.#registry = new RegistryInUse(ports.recorder, ports.trust);
  }

  /** @throws StoreError when the store is of another post, or saw a newer registry. */
  async start(): Promise<void> {
    await this.#registry.take();
    this.#scheduleNext();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #scheduleNext(): void {
    if (this.#everySeconds === 0 || this.#isStopped) return;
    this.#timer = setTimeout(async () => {
      await this.#run();
      this.#scheduleNext();
    }, this.#everySeconds * 1_000);
  }

  async #run(): Promise<void> {
    const { recorder, metrics, log, onFailed } = this.#ports;
    const startedAtMs = performance.now();
    try {
      const findings = await this.#registry.before(() => recorder.detect());
      const seconds = (performance.now() - startedAtMs) / 1_000;
      metrics.looked(seconds, findings);
      log.debug({ findings, seconds }, 'looked for fraud');
    } catch (error) {
      if (this.#isStopped) return;
      // Where there is no room, the next look sees what this one did not.
      if (isStorageFailure(error)) log.error({ err: error }, 'could not look for fraud');
      else onFailed(error);
    }
  }
}
