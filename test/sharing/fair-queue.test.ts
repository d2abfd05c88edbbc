import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ActiveClients, FairClock, FairQueue, SharedRoom } from '../../sharing/index.ts';
import { ACTIVE_MS, CLIENTS_KEPT_MIN } from '../../sharing/limits.ts';

interface Item {
  readonly client: string;
  readonly number: number;
  readonly cost: number;
}

const clients = fc.constantFrom('a', 'b', 'c', 'd');
/** From a clean crop to a hostile picture: a thousand times as much. */
const cost = fc.integer({ min: 1, max: 1_000 });

/** One server that works off one item after another, as a reading process does. */
class Server {
  readonly clock: FairClock;
  readonly queue: FairQueue<Item>;
  readonly served: Item[] = [];
  readonly costOf: Record<string, number> = {};
  #added = 0;

  constructor(weightOf?: (client: string) => number) {
    this.clock = new FairClock(weightOf);
    this.queue = new FairQueue(this.clock);
  }

  add(client: string, cost: number): Item {
    const item = { client, number: this.#added, cost };
    this.#added += 1;
    this.queue.push(client, item);
    return item;
  }

  /** What it costs is known when it is done: before, all are thought to cost the same. */
  serve(expected = 1): Item | undefined {
    const next = this.queue.peek();
    if (next === undefined) return undefined;
    const item = this.queue.take(next.client, expected);
    assert.equal(item, next.item);
    this.clock.correct(next.client, next.item.cost - expected);
    this.served.push(next.item);
    this.costOf[next.client] = (this.costOf[next.client] ?? 0) + next.item.cost;
    return item;
  }
}

describe('a fair queue', () => {
  it('loses and doubles nothing, keeps the order of each client, and never rests while something waits', () => {
    const step = fc.oneof(fc.tuple(clients, cost), fc.constant('serve' as const), fc.constant('put back' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const server = new Server();
        let added = 0;
        for (const one of steps) {
          if (Array.isArray(one)) {
            server.add(...one);
            added += 1;
          } else if (one === 'serve') {
            const waits = added - server.served.length;
            assert.equal(server.serve() === undefined, waits === 0);
          } else {
            const last = server.served.pop();
            if (last !== undefined) server.queue.putBack(last.client, last);
          }
          assert.equal(server.queue.length, added - server.served.length);
        }
        while (server.serve() !== undefined);
        assert.equal(new Set(server.served).size, added);
        for (const own of Map.groupBy(server.served, ({ client }) => client).values()) {
          const numbers = own.map(({ number }) => number);
          assert.deepEqual(
            numbers,
            numbers.toSorted((a, b) => a - b),
          );
        }
      }),
    );
  });

  it('serves a client with one item after at most one of each other, whatever they have queued and used', () => {
    const backlog = fc.array(fc.tuple(fc.constantFrom('b', 'c', 'd'), cost), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(backlog, fc.nat({ max: 100 }), (queued, before) => {
        const server = new Server();
        for (const [client, itemCost] of queued) server.add(client, itemCost);
        for (let count = 0; count < before; count++) server.serve();
        const waiting = server.queue.clients;
        const cheap = server.add('a', 1);
        const servedBefore = server.served.length;
        while (server.serve() !== cheap);
        assert.ok(server.served.length - servedBefore <= waiting + 1, `${server.served.length - servedBefore}`);
      }),
    );
  });

  it('gives each client time by its weight, though one has items of a thousand times the cost', () => {
    const weights: Record<string, number> = { a: 1, b: 1, c: 3 };
    const costs: Record<string, number> = { a: 1, b: 1_000, c: 30 };
    const server = new Server((client) => weights[client] ?? 1);
    for (const [client, itemCost] of Object.entries(costs)) {
      for (let count = 0; count < 100_000 / itemCost; count++) server.add(client, itemCost);
    }
    // As long as all of them wait.
    while ((server.costOf.c ?? 0) < 90_000) server.serve();
    const { a = 0, b = 0, c = 0 } = server.costOf;
    assert.ok(Math.abs(a - b) <= 1_000, `${a} and ${b}`);
    assert.ok(Math.abs(c - 3 * a) <= 3_000, `${a} and ${c}`);
  });

  it('keeps no credit for a client that was away, and gives one that is alone everything', () => {
    const server = new Server();
    for (let count = 0; count < 50; count++) server.add('a', 100);
    for (let count = 0; count < 50; count++) assert.equal(server.serve()?.client, 'a');
    for (let count = 0; count < 20; count++) server.add('a', 100);
    for (let count = 0; count < 20; count++) server.add('b', 100);
    for (let count = 0; count < 20; count++) server.serve();
    assert.ok(Math.abs((server.costOf.b ?? 0) - 1_000) <= 100, `${server.costOf.b}`);
  });

  it('fills batches in fair order, up to what they may cost, but with one item at least', () => {
    const queue = new FairQueue<number>(new FairClock());
    for (let count = 0; count < 10; count++) queue.push('a', count);
    for (let count = 0; count < 10; count++) queue.push('b', 100 + count);
    assert.deepEqual(
      queue.takeMany(4, () => 1),
      [0, 100, 1, 101],
    );
    assert.deepEqual(
      queue.takeMany(4, () => 9),
      [2],
    );
    assert.equal(queue.length, 15);
  });

  it('passes over clients that may not be served now', () => {
    const queue = new FairQueue<string>(new FairClock());
    queue.push('a', 'dear');
    queue.push('b', 'cheap');
    assert.equal(queue.peek((_client, item) => item !== 'dear')?.client, 'b');
    assert.equal(
      queue.peek(() => false),
      undefined,
    );
  });

  it('remembers no client that owes nothing', () => {
    const clock = new FairClock();
    for (let count = 0; count < 100 * CLIENTS_KEPT_MIN; count++) {
      clock.serve(`client ${count}`, 1);
      clock.serve('always', 1);
    }
    assert.ok(clock.kept <= 2 * CLIENTS_KEPT_MIN + 2, `${clock.kept}`);
  });
});

describe('room that clients share', () => {
  const steps = fc.array(fc.tuple(clients, fc.integer({ min: -20, max: 20 })), { maxLength: 200 });

  it('is never held beyond its bound by more than one piece, and one client holds half of it at most', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const room = new SharedRoom(50);
        const held: Record<string, number> = {};
        for (const [client, amount] of taken) {
          const own = held[client] ?? 0;
          if (amount < 0) {
            const back = Math.min(-amount, own);
            room.release(client, back);
            held[client] = own - back;
          } else if (room.take(client, amount)) held[client] = own + amount;
          const all = Object.values(held).reduce((sum, one) => sum + one, 0);
          assert.equal(room.held, all);
          assert.ok(all < 100 + 20);
          assert.ok((held[client] ?? 0) <= 50 || amount < 0);
        }
      }),
    );
  });

  it('has some for anyone who comes, however much others want', () => {
    const room = new SharedRoom(64);
    for (const client of ['a', 'b', 'c']) while (room.take(client, 1));
    assert.deepEqual(
      ['a', 'b', 'c'].map((client) => room.heldBy(client)),
      [64, 32, 16],
    );
    let own = 0;
    while (room.take('d', 1)) own += 1;
    assert.equal(own, 8);
    room.release('a', 60);
    assert.ok(room.take('d', 1), 'and more once others have given some back');
  });

  it('lets in one piece of any size where its client holds nothing', () => {
    const room = new SharedRoom(10);
    assert.ok(room.take('a', 1_000));
    assert.ok(!room.take('a', 1));
    assert.ok(!room.take('b', 1), 'until it is full');
  });
});

describe('active clients', () => {
  it('are those who asked for something within some seconds', () => {
    let nowMs = 0;
    const active = new ActiveClients(() => nowMs);
    active.note('a');
    assert.equal(active.areSeveral, false);
    nowMs = ACTIVE_MS;
    active.note('b');
    assert.equal(active.areSeveral, true);
    nowMs += 1;
    assert.equal(active.areSeveral, false);
    assert.equal(active.count, 1);
  });
});
