import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProvable, type OddPlants, type SeenScan } from '../../benchmarks/provable.ts';
import type { FraudName } from '../../psd-sim/index.ts';

const SCANNED_AT_MS = Date.UTC(2026, 10, 20, 19);
const DAY_MS = 86_400_000;
const SOUND: OddPlants = { slowClock: null, otherScale: null };

function seen(change: Partial<SeenScan> = {}): SeenScan {
  return {
    scanId: 'a',
    row: 1,
    pieceCount: 1n,
    contents: 'x',
    mailpieceId: 'M1',
    plant: '06484',
    printedAtMs: SCANNED_AT_MS,
    scannedAtMs: SCANNED_AT_MS,
    othersOfSet: 0,
    entriesOfSet: 0,
    pass: 'origin',
    destination: '06443123456',
    weightGrams: 20,
    ...change,
  };
}

describe('what is left to see proves', () => {
  it('nothing where nothing is left', () => {
    for (const fraud of ['copy', 'cloned-tag', 'framing-forged', 'omitted-descending'] as const) {
      assert.equal(isProvable(fraud, [], SOUND), false, fraud);
    }
  });

  it('a cloned tag from two letters on one right scale, with two weights and addresses, or from four addresses', () => {
    const other = { weightGrams: 60, destination: '75034123456' };
    const proves = (...scans: Partial<SeenScan>[]) => isProvable('cloned-tag', scans.map(seen), SOUND);
    assert.equal(proves({}, other), true);
    assert.equal(proves({}, { ...other, weightGrams: 25 }), false);
    assert.equal(proves({}, { ...other, destination: '06443999999' }), false);
    assert.equal(proves({}, { ...other, plant: '75034' }), false);
    assert.equal(proves({}, { ...other, mailpieceId: null }), false);
    const addresses = ['06443', '75034', '50029', '10001'].map((destination, index) => ({
      destination,
      plant: `P${index}`,
    }));
    assert.deepEqual([proves(...addresses), proves(...addresses.slice(1))], [true, false]);
    assert.equal(isProvable('cloned-tag', addresses.map(seen), { ...SOUND, otherScale: 'P0' }), true);
  });

  it('a recirculated mark from two entries where it first entered, days apart, and an arrival elsewhere between', () => {
    const arrival = { scannedAtMs: SCANNED_AT_MS + DAY_MS, pass: 'destination', plant: '75034' };
    const again = { scannedAtMs: SCANNED_AT_MS + 3 * DAY_MS };
    const proves = (...scans: Partial<SeenScan>[]) => isProvable('recirculated', scans.map(seen), SOUND);
    assert.equal(proves({}, arrival, again), true);
    assert.equal(proves({}, again), false);
    assert.equal(proves(arrival, again), false);
    assert.equal(proves({}, { ...arrival, plant: '06484' }, again), false);
    assert.equal(proves({}, arrival, { ...again, plant: '75034' }), false);
    assert.equal(proves({}, arrival, { scannedAtMs: SCANNED_AT_MS + 1.2 * DAY_MS }), false);
    assert.equal(proves({}, arrival, { ...again, mailpieceId: null }), false);
  });

  it('an omitted descending register where a mark of the same set shows one', () => {
    assert.equal(isProvable('omitted-descending', [seen({ othersOfSet: 1 })], SOUND), true);
    assert.equal(isProvable('omitted-descending', [seen()], SOUND), false);
  });

  it('copies with a placeholder from two plants', () => {
    const unread = { mailpieceId: 'NOREAD' };
    assert.equal(isProvable('placeholder-id', [seen(unread), seen({ ...unread, plant: '75034' })], SOUND), true);
    assert.equal(isProvable('placeholder-id', [seen(unread), seen(unread)], SOUND), false);
  });

  it('a register that stands still from two counts', () => {
    assert.equal(isProvable('standing-register', [seen(), seen({ pieceCount: 3n })], SOUND), true);
    assert.equal(isProvable('standing-register', [seen(), seen()], SOUND), false);
  });

  it('no time by a clock that is wrong, and no weight by a scale that is', () => {
    const held = (fraud: FraudName, plants: Partial<OddPlants>) => {
      const other = seen({ othersOfSet: 1, entriesOfSet: 1, weightGrams: 60, destination: '75034123456' });
      return isProvable(fraud, [seen({ othersOfSet: 1, entriesOfSet: 1 }), other], { ...SOUND, ...plants });
    };
    for (const fraud of ['two-places', 'cloned-tag', 'stale-date'] as const) {
      assert.deepEqual([held(fraud, {}), held(fraud, { slowClock: '06484' })], [true, false], fraud);
      assert.equal(held(fraud, { slowClock: '75034' }), true);
    }
    for (const fraud of ['short-postage', 'cloned-tag'] as const) {
      assert.deepEqual([held(fraud, {}), held(fraud, { otherScale: '06484' })], [true, false], fraud);
    }
    assert.equal(held('forged', { slowClock: '06484', otherScale: '06484' }), true, 'a signature needs neither');
  });
});
