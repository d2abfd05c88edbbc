import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isLoopbackAddress, ownerOf, plainAddress } from '../../server/addresses.ts';
import { CONNECTION_LIMITS } from '../../server/connections.ts';
import { type Place, type PlaceLimits, Places } from '../../server/places.ts';

const LIMITS: PlaceLimits = {
  ...{ connectionsMax: 12, strangersMax: 7, strangersPerAddressMax: 4, perClientMax: 3, entryPlaces: 2 },
  ...{ strangerIdleMsMax: 10, strangerMsMax: 40, clientMsMax: 100 },
};

/** What the model knows of a connection that is open. */
interface Known {
  readonly place: Place;
  readonly address: string;
  readonly number: number;
  readonly sinceMs: number;
  client: string | null;
  requests: number;
  isServed: boolean;
  heardAtMs: number;
  admittedAtMs: number;
}

type Event =
  | { readonly kind: 'enter'; readonly address: string }
  | { readonly kind: 'admit'; readonly pick: number; readonly client: string }
  | { readonly kind: 'begin' | 'end' | 'leave' | 'hear'; readonly pick: number }
  | { readonly kind: 'wait'; readonly ms: number };

const pick = fc.nat(1_000);
/** Connections leave so seldom that all places are taken. */
const CHANGES = ['begin', 'end', 'end', 'end', 'end', 'hear', 'leave'] as const;
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('enter' as const), address: fc.constantFrom('a', 'b', 'c') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('admit' as const),
      pick,
      client: fc.constantFrom('x', 'x', 'y', 'z', 'w'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom(...CHANGES), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(30) }) },
);

/** Says for each event who may be evicted for it, from a plain list of who is there. */
class Model {
  readonly places = new Places(LIMITS);
  open: Known[] = [];
  nowMs = 0;
  #number = 0;

  run(one: Event): void {
    if (one.kind === 'wait') this.#wait(one.ms);
    else if (one.kind === 'enter') this.#enter(one.address);
    else {
      const known = this.open[one.pick % Math.max(1, this.open.length)];
      if (known !== undefined) this.#change(known, one);
    }
    this.#assertBounds();
  }

  #enter(address: string): void {
    const strangers = this.open.filter(({ client }) => client === null);
    const { place, evicted } = this.places.enter(address, LIMITS.strangersPerAddressMax, this.nowMs);
    this.#number += 1;
    const own = strangers.filter((other) => other.address === address);
    const isFull = strangers.length >= LIMITS.strangersMax || this.open.length >= LIMITS.connectionsMax;
    const isShareFull = own.length >= LIMITS.strangersPerAddressMax;
    assert.equal(evicted.length, isFull || isShareFull ? 1 : 0, 'no more go than must');
    const mayGo = (isShareFull ? own : strangers).filter(({ isServed }) => !isServed);
    for (const gone of evicted) {
      if (gone === place) {
        assert.deepEqual(mayGo, [], 'a newcomer is turned away only where nobody can go for it');
        return;
      }
      const victim = this.open.find((known) => known.place === gone);
      assert.ok(victim !== undefined && mayGo.includes(victim), 'only a stranger goes for a stranger');
      const sizeOf = (of: string) => strangers.filter((other) => other.address === of).length;
      for (const other of mayGo) {
        assert.ok(sizeOf(other.address) <= sizeOf(victim.address), 'of the address that has most');
        if (other.address === victim.address) assert.ok(victim.number <= other.number, 'the oldest');
      }
    }
    this.open = this.open.filter((known) => !evicted.includes(known.place));
    this.open.push({
      ...{ place, address, number: this.#number, sinceMs: this.nowMs, heardAtMs: this.nowMs },
      ...{ client: null, requests: 0, isServed: false, admittedAtMs: this.nowMs },
    });
  }

  #change(known: Known, one: Event): void {
    if (one.kind === 'admit') this.#admit(known, one.client);
    else if (one.kind === 'hear') {
      this.places.hear(known.place, this.nowMs);
      known.heardAtMs = this.nowMs;
    } else if (one.kind === 'begin') {
      this.places.begin(known.place);
      known.requests += 1;
    } else if (one.kind === 'end' && known.requests > 0) {
      this.places.end(known.place, this.nowMs);
      known.requests -= 1;
      known.heardAtMs = this.nowMs;
      if (known.requests === 0) known.isServed = false;
    } else if (one.kind === 'leave') {
      this.places.leave(known.place);
      this.open = this.open.filter((other) => other !== known);
    }
  }

  /** Requests are let in while they are worked on. */
  #admit(known: Known, client: string): void {
    if (known.requests === 0) this.#change(known, { kind: 'begin', pick: 0 });
    const wasStranger = known.client === null;
    const before = this.open.filter((other) => other.client !== null);
    const evicted = this.places.admit(known.place, client, this.nowMs);
    known.isServed = true;
    known.admittedAtMs = this.nowMs;
    for (const gone of evicted) {
      const victim = before.find((other) => other.place === gone);
      assert.ok(victim !== undefined && victim !== known && victim.requests === 0, 'only an idle one of a client');
      assert.ok(wasStranger);
    }
    this.open = this.open.filter((other) => !evicted.includes(other.place));
    known.client = known.place.client;
    if (!wasStranger) return;
    const isIdlePeer = before.some((other) => other.client === client && other.requests === 0);
    const peers = before.filter((other) => other.client === client);
    if (peers.length >= LIMITS.perClientMax) assert.equal(known.client, isIdlePeer ? client : null);
    else if (before.length < LIMITS.connectionsMax - LIMITS.entryPlaces) assert.equal(known.client, client);
  }

  #wait(ms: number): void {
    this.nowMs += ms;
    const due = this.open.filter(({ client, isServed, requests, ...at }) => {
      if (isServed) return false;
      if (client !== null) return this.nowMs - at.admittedAtMs > LIMITS.clientMsMax;
      if (this.nowMs - at.sinceMs > LIMITS.strangerMsMax) return true;
      return requests === 0 && this.nowMs - at.heardAtMs > LIMITS.strangerIdleMsMax;
    });
    assert.deepEqual(new Set(this.places.overdue(this.nowMs)), new Set(due.map(({ place }) => place)));
  }

  #assertBounds(): void {
    const strangers = this.open.filter(({ client }) => client === null).length;
    assert.deepEqual(this.places.counts, { strangers, clients: this.open.length - strangers });
    assert.ok(strangers <= LIMITS.strangersMax && this.open.length <= LIMITS.connectionsMax);
    assert.ok(this.open.length - strangers <= LIMITS.connectionsMax - LIMITS.entryPlaces);
    for (const { place, client, requests, isServed } of this.open) {
      assert.deepEqual([place.client, place.requests, place.isServed], [client, requests, isServed]);
    }
  }
}

describe('the places of connections', () => {
  it('are never taken from one that has shown a token, nor from one that is being served, for a stranger', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 150, size: 'max' }), (events) => {
        const model = new Model();
        for (const one of events) model.run(one);
      }),
      { numRuns: 500 },
    );
  });

  it('leave room for anyone who has a token, however many strangers come', () => {
    const places = new Places(CONNECTION_LIMITS);
    const { strangersMax, connectionsMax, perClientMax, entryPlaces } = CONNECTION_LIMITS;
    let evicted = 0;
    for (let each = 0; each < 3 * connectionsMax; each += 1)
      evicted += places.enter('s', strangersMax, each).evicted.length;
    assert.equal(places.counts.strangers, strangersMax);
    assert.equal(evicted, 3 * connectionsMax - strangersMax);
    for (let each = 0; each < 4 * perClientMax; each += 1) {
      const { place } = places.enter(`p${each}`, strangersMax, each);
      places.begin(place);
      places.admit(place, `client ${each % 4}`, each);
      places.end(place, each);
    }
    assert.deepEqual(places.counts.clients, connectionsMax - entryPlaces);
  });
});

describe('the owner of an address', () => {
  it('has one IPv4 address, or 64 bits of IPv6', () => {
    for (const [address, owner] of [
      ['10.0.0.7', '10.0.0.7'],
      ['::ffff:10.0.0.7', '10.0.0.7'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
      ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
      ['2001:db8::9', '2001:db8:0:0::/64'],
      ['::1', '0:0:0:0::/64'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ] as const) {
      assert.equal(ownerOf(plainAddress(address)), owner, address);
    }
    assert.deepEqual(['127.0.0.1', '127.9.9.9', '::1', '10.127.0.1', '::2', ''].map(isLoopbackAddress), [
      ...[true, true, true, false, false, false],
    ]);
  });
});
