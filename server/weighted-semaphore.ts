import { ActiveClients, FairClock, FairQueue } from '../sharing/index.ts';
import { SHARED_BATCH_COST_MAX, SHARED_BATCHES_AHEAD_MAX } from './limits.ts';

const SHARED_WEIGHT_MAX = SHARED_BATCH_COST_MAX * SHARED_BATCHES_AHEAD_MAX;

interface Waiting {
  readonly weight: number;
  readonly resolve: () => void;
}

/**
 * Lets weights in as long as there is room for them, fewer while several clients are active; a caller that finds none
 * waits for the turn of its client. Weights are what something costs, in payloads.
 */
export class WeightedSemaphore {
  readonly #weightMax: number;
  readonly #active: ActiveClients;
  readonly #waiting: FairQueue<Waiting>;
  #weight = 0;

  constructor(weightMax: number, clock = new FairClock(), active = new ActiveClients()) {
    this.#weightMax = weightMax;
    this.#active = active;
    this.#waiting = new FairQueue(clock);
  }

  /** A caller that comes when nothing is in gets in, however heavy. */
  enter(weight: number, client = ''): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(client, { weight, resolve });
    this.#admit();
    return promise;
  }

  leave(weight: number): void {
    this.#weight -= weight;
    this.#admit();
  }

  #admit(): void {
    const weightMax = this.#active.areSeveral ? Math.min(this.#weightMax, SHARED_WEIGHT_MAX) : this.#weightMax;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const { client, item } = next;
      // The next one is not overtaken by a lighter one, which would keep it out forever.
      if (this.#weight > 0 && this.#weight + item.weight > weightMax) return;
      this.#waiting.take(client, item.weight);
      this.#weight += item.weight;
      item.resolve();
    }
  }
}
