import { BATCH_SCANS_MAX, type Scan } from '../indicium/index.ts';
import { BATCH_IMAGES_MAX } from '../scans/index.ts';

/** Gathers scans until a batch is full: 5,000 payloads, or 64 images, or a mixture of the same weight. */
export class BatchBuilder {
  #scans: Scan[] = [];
  #images = 0;

  /** True when the batch is full and must be taken before the next scan. */
  add(scan: Scan): boolean {
    this.#scans.push(scan);
    if (scan.mark.kind === 'image') this.#images += 1;
    return this.#scans.length >= BATCH_SCANS_MAX || this.#images >= BATCH_IMAGES_MAX;
  }

  get isEmpty(): boolean {
    return this.#scans.length === 0;
  }

  take(): readonly Scan[] {
    const scans = this.#scans;
    this.#scans = [];
    this.#images = 0;
    return scans;
  }
}
