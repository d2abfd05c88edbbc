import assert from 'node:assert/strict';
import { CLIENTS_KEPT_MIN } from './limits.ts';

/**
 * The service that each client has had, as time divided by its weight: start-time fair queueing (Goyal, Vin, Cheng,
 * SIGCOMM 1996, section 2). The client with the least is next. One that begins to ask begins at the present virtual time: time
 * that it did not use earns no credit, and what others used makes no debt of its own. Time is in any one unit:
 * milliseconds of a reading process, or what a payload takes.
 */
export class FairClock {
  readonly #weightOf: (client: string) => number;
  /** By client; a client that is missing is at the present. */
  readonly #served = new Map<string, number>();
  #present = 0;
  #keptMax = CLIENTS_KEPT_MIN;

  constructor(weightOf: (client: string) => number = () => 1) {
    this.#weightOf = weightOf;
  }

  /** Clients that are known: for their number not to grow forever. */
  get kept(): number {
    return this.#served.size;
  }

  weightOf(client: string): number {
    return this.#weightOf(client);
  }

  /** Where a client stands: the one that has less is served first. */
  standingOf(client: string): number {
    return Math.max(this.#served.get(client) ?? 0, this.#present);
  }

  /** Serves a client now with what is expected to take so long. */
  serve(client: string, expected: number): void {
    assert.ok(expected >= 0, 'a service takes time');
    const standing = this.standingOf(client);
    this.#present = standing;
    this.#served.set(client, standing + expected / this.#weightOf(client));
    if (this.#served.size > this.#keptMax) this.#forget();
  }

  /** A service took more time than expected, or less. */
  correct(client: string, more: number): void {
    const served = this.#served.get(client);
    if (served !== undefined) this.#served.set(client, served + more / this.#weightOf(client));
    else if (more > 0) this.#served.set(client, this.#present + more / this.#weightOf(client));
  }

  /** Those at the present need not be known. */
  #forget(): void {
    for (const [client, served] of this.#served) if (served <= this.#present) this.#served.delete(client);
    this.#keptMax = Math.max(CLIENTS_KEPT_MIN, 2 * this.#served.size);
  }
}
