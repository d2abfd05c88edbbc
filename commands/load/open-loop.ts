import { setTimeout as sleep, setImmediate as yieldToAnswers } from 'node:timers/promises';

interface Schedule {
  /** Pieces a second. */
  readonly rate: number;
  readonly pieces: number;
  /** Pieces that are due together. */
  readonly together: number;
  /** Orders on their way at once; beyond them sending waits, and the waiting counts. */
  readonly inFlightMax: number;
}

/** Sends some pieces that are due at a time by performance.now(); resolves once they are answered. */
export type Send = (first: number, count: number, dueMs: number) => Promise<void>;

/** Milliseconds between the call and the first due time. */
const LEAD_MS = 20;
/** Orders that are due already and are sent before answers get their turn. */
const SENT_AT_ONCE_MAX = 32;

/**
 * Open loop: each piece has its due time, fixed beforehand, whether or not those before it were answered. Latency is to be
 * measured from the due time, so that waiting is part of it.
 */
export async function openLoop({ rate, pieces, together, inFlightMax }: Schedule, send: Send): Promise<void> {
  const startsMs = performance.now() + LEAD_MS;
  const flight = new Flight(inFlightMax);
  let sentAtOnce = 0;
  for (let first = 0; first < pieces; first += together) {
    const dueMs = startsMs + (first * 1000) / rate;
    sentAtOnce = performance.now() < dueMs ? 0 : sentAtOnce + 1;
    // Timers count whole milliseconds and may be early, which would not be measured; what they are late is.
    for (let waitMs = dueMs - performance.now(); waitMs > 0; waitMs = dueMs - performance.now()) {
      await sleep(Math.ceil(waitMs));
    }
    if (sentAtOnce % SENT_AT_ONCE_MAX === SENT_AT_ONCE_MAX - 1) await yieldToAnswers();
    await flight.room();
    flight.add(send(first, Math.min(together, pieces - first), dueMs));
  }
  await flight.landed();
}

/** What is on its way; the first failure is thrown to the next that waits. */
class Flight {
  readonly #max: number;
  #flying = 0;
  #failure: { readonly error: unknown } | null = null;
  #waiting: (() => void) | null = null;

  constructor(max: number) {
    this.#max = max;
  }

  add(order: Promise<void>): void {
    this.#flying += 1;
    const land = () => {
      this.#flying -= 1;
      this.#waiting?.();
    };
    order.then(land, (error: unknown) => {
      this.#failure ??= { error };
      land();
    });
  }

  room(): Promise<void> {
    return this.#until(this.#max - 1);
  }

  landed(): Promise<void> {
    return this.#until(0);
  }

  async #until(flyingMax: number): Promise<void> {
    while (this.#failure === null && this.#flying > flyingMax) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    if (this.#failure !== null) throw this.#failure.error;
  }
}
