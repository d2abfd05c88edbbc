import type { FairClock } from './fair-clock.ts';

/** What one client waits with, the oldest first. */
interface Lane<Item> {
  readonly client: string;
  items: Item[];
  /** Of the oldest that is still there. */
  first: number;
}

/** Items taken off the front of a lane before its array is cut: cutting for each would move all others each time. */
const TAKEN_MAX = 1_024;

/**
 * Items that wait, a list for each client. The next is always the oldest of the client that has been served least, so that one
 * with a single item waits for at most one item of each other, however many they have.
 */
export class FairQueue<Item> {
  readonly #clock: FairClock;
  readonly #lanes = new Map<string, Lane<Item>>();
  #length = 0;

  constructor(clock: FairClock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#length;
  }

  /** Clients that wait. */
  get clients(): number {
    return this.#lanes.size;
  }

  lengthOf(client: string): number {
    const lane = this.#lanes.get(client);
    return lane === undefined ? 0 : lane.items.length - lane.first;
  }

  push(client: string, item: Item): void {
    this.#laneOf(client).items.push(item);
    this.#length += 1;
  }

  /** In front of all others of its client: what was taken before, and has come back. */
  putBack(client: string, item: Item): void {
    const lane = this.#laneOf(client);
    if (lane.first > 0) {
      lane.first -= 1;
      lane.items[lane.first] = item;
    } else lane.items.unshift(item);
    this.#length += 1;
  }

  /** The item whose turn it is among the clients that may be served, without taking it; undefined when there is none. */
  peek(mayServe: (client: string, item: Item) => boolean = always): { client: string; item: Item } | undefined {
    const lane = this.#next(mayServe);
    const item = lane?.items[lane.first];
    return lane === undefined || item === undefined ? undefined : { client: lane.client, item };
  }

  /** Takes the oldest item of a client and serves it; `expected` is what it is thought to cost. */
  take(client: string, expected: number): Item | undefined {
    const lane = this.#lanes.get(client);
    const item = lane?.items[lane.first];
    if (lane === undefined || item === undefined) return undefined;
    this.#clock.serve(client, expected);
    this.#drop(lane);
    return item;
  }

  /** Takes items in fair order until they cost so much together, the first at any cost. */
  takeMany(costMax: number, costOf: (client: string, item: Item) => number): Item[] {
    const taken: Item[] = [];
    let cost = 0;
    for (let lane = this.#next(always); lane !== undefined; lane = this.#next(always)) {
      const item = lane.items[lane.first];
      if (item === undefined) break;
      const itemCost = costOf(lane.client, item);
      if (taken.length > 0 && cost + itemCost > costMax) break;
      cost += itemCost;
      this.#clock.serve(lane.client, itemCost);
      this.#drop(lane);
      taken.push(item);
    }
    return taken;
  }

  /** The oldest of each client. */
  *firsts(): Iterable<Item> {
    for (const { items, first } of this.#lanes.values()) yield* items.slice(first, first + 1);
  }

  /** All that wait, client by client. */
  *[Symbol.iterator](): Iterator<Item> {
    for (const { items, first } of this.#lanes.values()) yield* items.slice(first);
  }

  /** Empties the queue. */
  clear(): Item[] {
    const all = [...this];
    this.#lanes.clear();
    this.#length = 0;
    return all;
  }

  #laneOf(client: string): Lane<Item> {
    const known = this.#lanes.get(client);
    if (known !== undefined) return known;
    const lane: Lane<Item> = { client, items: [], first: 0 };
    this.#lanes.set(client, lane);
    return lane;
  }

  #next(mayServe: (client: string, item: Item) => boolean): Lane<Item> | undefined {
    let next: Lane<Item> | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      const standing = this.#clock.standingOf(lane.client);
      if (standing >= least) continue;
      const item = lane.items[lane.first];
      if (item === undefined || !mayServe(lane.client, item)) continue;
      next = lane;
      least = standing;
    }
    return next;
  }

  #drop(lane: Lane<Item>): void {
    lane.first += 1;
    this.#length -= 1;
    if (lane.first === lane.items.length) this.#lanes.delete(lane.client);
    else if (lane.first === TAKEN_MAX) {
      lane.items = lane.items.slice(TAKEN_MAX);
      lane.first = 0;
    }
  }
}

function always(): true {
  return true;
}
