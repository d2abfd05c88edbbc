/** What those wait for that have nothing to do, until another has something for them. Nobody waits: nobody is woken. */
export class WakeUp {
  #waiting: (() => void)[] = [];

  /** Wakes those that have waited longest: all, or so many. */
  wake(count = Number.POSITIVE_INFINITY): void {
    for (const resolve of this.#waiting.splice(0, count)) resolve();
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Until it is woken, or these milliseconds have passed. */
  async waitUpTo(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    // Otherwise a wake-up of one would be spent on a wait that is over.
    this.#waiting = this.#waiting.filter((waiting) => waiting !== resolve);
  }
}
