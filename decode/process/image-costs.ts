import { EXPECTED_SHARE, IMAGE_CLIENTS_MAX, UNKNOWN_IMAGE_MS } from '../limits.ts';

const SIZE_BYTES = 64 * 1024;
/** Of the mean, what one more image counts. */
const MEAN_SHARE = 0.1;

interface Cost {
  /** By the power of two of the size, in units of SIZE_BYTES. */
  readonly expectedMs: Map<number, number>;
  meanMs: number;
}

/** What the images of each client took to be read, and what its next ones are therefore expected to take. */
export class ImageCosts {
  /** In the order of use, the latest last. */
  readonly #costs = new Map<string, Cost>();

  /**
   * Milliseconds of a processor that an image of so many bytes is expected to take. Near the most that one of its size took lately: who sends
   * a hundred cheap ones between two dear ones does not pass for cheap.
   */
  expectedMs(client: string, bytes: number): number {
    const size = sizeOf(bytes);
    return this.#costs.get(client)?.expectedMs.get(size) ?? UNKNOWN_IMAGE_MS * 2 ** size;
  }

  /** Milliseconds on the clock, as the mean of the latest images of a client; 0 as long as there is none. */
  meanMs(client: string): number {
    return this.#costs.get(client)?.meanMs ?? 0;
  }

  /** What an image took on the clock, and of a processor. */
  note(client: string, bytes: number, ms: number, processorMs: number): void {
    const size = sizeOf(bytes);
    const cost = this.#costs.get(client) ?? { expectedMs: new Map(), meanMs: ms };
    cost.meanMs += MEAN_SHARE * (ms - cost.meanMs);
    cost.expectedMs.set(size, Math.max(processorMs, EXPECTED_SHARE * (cost.expectedMs.get(size) ?? 0)));
    this.#costs.delete(client);
    this.#costs.set(client, cost);
    const oldest = this.#costs.keys().next();
    if (this.#costs.size > IMAGE_CLIENTS_MAX && oldest.done === false) this.#costs.delete(oldest.value);
  }
}

function sizeOf(bytes: number): number {
  return bytes <= SIZE_BYTES ? 0 : Math.ceil(Math.log2(bytes / SIZE_BYTES));
}
