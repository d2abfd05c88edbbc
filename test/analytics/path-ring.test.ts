import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Kept } from '../../analytics/sightings/path.ts';
import { PathRing } from '../../analytics/sightings/path-ring.ts';
import type { Sighting } from '../../analytics/sightings/sighting.ts';
import { sightingOf } from '../support/sightings.ts';

/** More keys than the ring has buckets, and more sightings than it has places. */
const LENGTH = 1_024;
const key = fc.oneof(fc.nat(3), fc.constantFrom(LENGTH, LENGTH + 1, 2 * LENGTH + 1, 2 ** 32 - 2));
const seen = fc
  .record({ plant: fc.nat(2), halfHour: fc.nat(2), pass: fc.constantFrom('origin', 'destination', null) })
  .map((its): Sighting => sightingOf({ ...its, content: 7n, mailpiece: 8n }));
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ key, seen }) },
  { weight: 2, arbitrary: fc.record({ forgotten: key }) },
  { weight: 1, arbitrary: fc.record({ others: fc.nat(2 * LENGTH) }) },
);
const first = sightingOf({ content: 7n, mailpiece: 8n, plant: 9, pass: 'transit' });

/** All sightings in the order in which they were made; the last of them are remembered. */
class NaiveRing {
  readonly #all: { key: number; kept: Kept }[] = [];

  pathOf(key: number): Kept[] {
    return [{ sighting: first, times: 1 }, ...this.#last(key).map(({ kept }) => kept)];
  }

  note(key: number, sighting: Sighting): void {
    const same = this.#last(key).find(
      ({ kept }) => JSON.stringify(kept.sighting, digits) === JSON.stringify(sighting, digits),
    );
    if (same !== undefined) same.kept.times += 1;
    else this.#all.push({ key, kept: { sighting, times: 1 } });
  }

  forget(key: number): void {
    for (const one of this.#all) if (one.key === key) one.key = -1;
  }

  #last(key: number) {
    return this.#all.slice(-LENGTH).filter((one) => one.key === key);
  }
}

function digits(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

describe('the ring of paths', () => {
  it('remembers the last sightings, of each piece in their order, and forgets the piece it is told to', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [ring, naive] = [new PathRing(LENGTH), new NaiveRing()];
        let filler = 10_000;
        for (const one of steps) {
          if ('forgotten' in one) {
            ring.forget(one.forgotten);
            naive.forget(one.forgotten);
          } else if ('others' in one) {
            for (let other = 0; other < one.others; other++) {
              ring.note(filler, first);
              naive.note(filler, first);
              filler += 1;
            }
          } else {
            assert.deepEqual(ring.pathOf(one.key, first), naive.pathOf(one.key));
            ring.note(one.key, one.seen);
            naive.note(one.key, one.seen);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('does not take the newest sighting for the one that it overwrote', () => {
    const ring = new PathRing(LENGTH);
    const [before, after] = [
      { ...first, plant: 1 },
      { ...first, plant: 2 },
    ];
    ring.note(0, before);
    for (let other = 1; other < LENGTH; other++) ring.note(other, first);
    ring.note(0, after);
    assert.deepEqual(ring.pathOf(0, first), [
      { sighting: first, times: 1 },
      { sighting: after, times: 1 },
    ]);
  });

  it('grows to its bound with everything that was seen', () => {
    const ring = new PathRing(4 * LENGTH);
    for (let piece = 0; piece < 4 * LENGTH; piece++) ring.note(piece, first);
    for (let piece = 0; piece < 4 * LENGTH; piece++)
      assert.equal(ring.pathOf(piece, first).length, 2, `piece ${piece}`);
    ring.note(4 * LENGTH, first);
    assert.equal(ring.pathOf(0, first).length, 1, 'the oldest was overwritten');
    assert.equal(ring.pathOf(4 * LENGTH, first).length, 2);
  });
});
