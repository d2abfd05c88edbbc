/** Work of the last second or so counts; what was before fades. */
const FADING_MS = 1_000;

/** Scans a second that are worked off while there is work: what a queue will take, no matter what arrives. */
export class ServiceRate {
  #scans = 0;
  #busyMs = 0;
  #lastAtMs = 0;

  /** Scans that were taken up at one time and done at another, as performance.now tells it. */
  note(scans: number, takenAtMs: number, doneAtMs: number): void {
    // Batches overlap: only the time since the last of them was done has gone into this one.
    const busyMs = Math.max(0, doneAtMs - Math.max(takenAtMs, this.#lastAtMs));
    const kept = Math.exp(-busyMs / FADING_MS);
    this.#scans = this.#scans * kept + scans;
    this.#busyMs = this.#busyMs * kept + busyMs;
    this.#lastAtMs = doneAtMs;
  }

  /** Milliseconds that so many scans will take; 0 as long as nothing is known. */
  msFor(scans: number): number {
    return this.#scans === 0 ? 0 : (scans * this.#busyMs) / this.#scans;
  }
}
