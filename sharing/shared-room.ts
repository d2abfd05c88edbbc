import assert from 'node:assert/strict';

/**
 * Room that clients hold for a while: bytes, places. No client holds more than is left free (dynamic thresholds of Choudhury and
 * Hahne, 1998, with a factor of 1), so that one alone holds half of it at most, the next a quarter, and everybody who comes
 * finds some. What is larger than that is let in where its client holds nothing.
 */
export class SharedRoom {
  readonly #all: number;
  readonly #held = new Map<string, number>();
  #heldByAll = 0;

  /** What one client may hold; all together hold twice as much at most. */
  constructor(clientMax: number) {
    this.#all = 2 * clientMax;
  }

  get held(): number {
    return this.#heldByAll;
  }

  heldBy(client: string): number {
    return this.#held.get(client) ?? 0;
  }

  hasFor(client: string, amount: number): boolean {
    const held = this.heldBy(client);
    return held === 0 ? this.#heldByAll < this.#all : held + amount <= this.#all - this.#heldByAll - amount;
  }

  /** False where the client's share has no room for it. */
  take(client: string, amount: number): boolean {
    if (!this.hasFor(client, amount)) return false;
    this.add(client, amount);
    return true;
  }

  /** Takes what was let in, whether there is room for it or not; gives back what is negative. */
  add(client: string, amount: number): void {
    const held = this.heldBy(client) + amount;
    assert.ok(held >= 0, 'nobody gives back more than it holds');
    if (held === 0) this.#held.delete(client);
    else this.#held.set(client, held);
    this.#heldByAll += amount;
  }

  release(client: string, amount: number): void {
    this.add(client, -amount);
  }

  /** What each client holds that holds something. */
  holdings(): Iterable<readonly [client: string, amount: number]> {
    return this.#held;
  }
}
