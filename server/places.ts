/** How many connections there may be, of whom, and for how long. Times are milliseconds. */
export interface PlaceLimits {
  readonly connectionsMax: number;
  readonly strangersMax: number;
  /** Of a loopback address as many as of all. */
  readonly strangersPerAddressMax: number;
  readonly perClientMax: number;
  readonly entryPlaces: number;
  readonly strangerIdleMsMax: number;
  readonly strangerMsMax: number;
  readonly clientMsMax: number;
}

/** One connection as far as its place goes. */
export interface Place {
  readonly address: string;
  readonly sinceMs: number;
  /** Whose token or certificate it showed; null for a stranger. */
  readonly client: string | null;
  /** Whether one of the requests that are worked on was let in. */
  readonly isServed: boolean;
  /** Requests that are worked on, or whose answers have not gone out. */
  readonly requests: number;
}

interface Held extends Place {
  client: string | null;
  isServed: boolean;
  requests: number;
  heardAtMs: number;
  admittedAtMs: number;
}

/**
 * Who has a place among the connections. One that has shown a token keeps it; strangers share the others, each address a
 * part, and the oldest of the address that has most makes room for anyone who comes. So nobody is shut out by strangers: who has
 * a token gets a place, and long enough to show it.
 */
export class Places {
  readonly #limits: PlaceLimits;
  /** In the order in which they came. */
  readonly #strangers = new Map<string, Set<Held>>();
  readonly #clients = new Map<string, Set<Held>>();
  readonly #held = new Map<Place, Held>();
  #strangersCount = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** Also gives who must go for it, which is the newcomer itself where nobody can. `shareMax` is of its address. */
  enter(
    address: string,
    shareMax: number,
    nowMs: number,
  ): { readonly place: Place; readonly evicted: readonly Place[] } {
    const place: Held = {
      ...{ address, sinceMs: nowMs, heardAtMs: nowMs, admittedAtMs: nowMs },
      ...{ client: null, isServed: false, requests: 0 },
    };
    this.#held.set(place, place);
    const { strangersMax, connectionsMax } = this.#limits;
    const evicted: Place[] = [];
    const neighbors = this.#strangers.get(address);
    if (neighbors !== undefined && neighbors.size >= shareMax)
      evicted.push(this.#evict([neighbors], isUnserved) ?? place);
    const isFull = () => this.#strangersCount >= strangersMax || this.#held.size > connectionsMax;
    if (evicted.length === 0 && isFull()) evicted.push(this.#evict(this.#strangers.values(), isUnserved) ?? place);
    if (evicted.includes(place)) this.#held.delete(place);
    else this.#addStranger(place);
    return { place, evicted };
  }

  /** It showed whose it is. Gives who must go for it: an idle one of its client, or of the client that has most. */
  admit(shown: Place, client: string, nowMs: number): readonly Place[] {
    const place = this.#held.get(shown);
    if (place === undefined) return [];
    place.admittedAtMs = nowMs;
    place.isServed = true;
    if (place.client !== null) return [];
    const { perClientMax, connectionsMax, entryPlaces } = this.#limits;
    const peers = this.#clients.get(client) ?? new Set();
    const isOver = peers.size >= perClientMax;
    const isFull = this.#held.size - this.#strangersCount >= connectionsMax - entryPlaces;
    const groups = isOver ? [peers] : isFull ? this.#clients.values() : [];
    const evicted = this.#evict(groups, isIdle);
    // Served like any other, but it keeps no place: none of those that have one is idle.
    if ((isOver || isFull) && evicted === null) return [];
    this.#remove(place);
    place.client = client;
    this.#held.set(place, place);
    this.#clients.set(client, (this.#clients.get(client) ?? new Set()).add(place));
    return evicted === null ? [] : [evicted];
  }

  begin(place: Place): void {
    const held = this.#held.get(place);
    if (held !== undefined) held.requests += 1;
  }

  end(place: Place, nowMs: number): void {
    const held = this.#held.get(place);
    if (held === undefined) return;
    held.requests -= 1;
    held.heardAtMs = nowMs;
    if (held.requests === 0) held.isServed = false;
  }

  /** Something came from it that is not a whole request yet. */
  hear(place: Place, nowMs: number): void {
    const held = this.#held.get(place);
    if (held !== undefined) held.heardAtMs = nowMs;
  }

  leave(place: Place): void {
    const held = this.#held.get(place);
    if (held !== undefined) this.#remove(held);
  }

  get counts(): { readonly strangers: number; readonly clients: number } {
    return { strangers: this.#strangersCount, clients: this.#held.size - this.#strangersCount };
  }

  /** Whose time is over. */
  overdue(nowMs: number): readonly Place[] {
    const { strangerIdleMsMax, strangerMsMax, clientMsMax } = this.#limits;
    return [...this.#held.values()].filter(({ client, isServed, requests, ...at }) => {
      if (isServed) return false;
      if (client !== null) return nowMs - at.admittedAtMs > clientMsMax;
      return (requests === 0 && nowMs - at.heardAtMs > strangerIdleMsMax) || nowMs - at.sinceMs > strangerMsMax;
    });
  }

  #addStranger(place: Held): void {
    this.#strangers.set(place.address, (this.#strangers.get(place.address) ?? new Set()).add(place));
    this.#strangersCount += 1;
  }

  /** The first that may go, of the largest group that has one. */
  #evict(groups: Iterable<ReadonlySet<Held>>, mayGo: (place: Held) => boolean): Place | null {
    let [found, size]: [Held | null, number] = [null, 0];
    for (const group of groups) {
      if (group.size <= size) continue;
      for (const place of group) {
        if (!mayGo(place)) continue;
        [found, size] = [place, group.size];
        break;
      }
    }
    if (found !== null) this.#remove(found);
    return found;
  }

  #remove(place: Held): void {
    const [groups, name] = place.client === null ? [this.#strangers, place.address] : [this.#clients, place.client];
    const group = groups.get(name);
    if (place.client === null && group?.has(place)) this.#strangersCount -= 1;
    group?.delete(place);
    if (group?.size === 0) groups.delete(name);
    this.#held.delete(place);
  }
}

function isUnserved({ isServed }: Place): boolean {
  return !isServed;
}

function isIdle({ requests }: Place): boolean {
  return requests === 0;
}
