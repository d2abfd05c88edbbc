import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { GrantRecord, KeyRecord, LicenseRecord } from '../../indicium/index.ts';
import { authorizationPeriods, grantedLicenses } from '../../verify/authorization.ts';
import { KeyCache } from '../../verify/key-cache.ts';
import { findKey, PSD_BYTES, psdBytes } from '../../verify/key-table.ts';
import { buildKeyTable } from '../support/key-table.ts';
import { SmallWorld } from '../support/marks.ts';

const world = new SmallWorld(3, 3);
const [sample] = world.records.keys;
assert.ok(sample !== undefined);

describe('the packed key table', () => {
  it('finds every key by its id and nothing else, up to ids of 48 bits', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 48 - 1 }), { maxLength: 200 });
    fc.assert(
      fc.property(ids, fc.array(fc.integer({ min: 1, max: 2 ** 48 - 1 })), (known, others) => {
        const { table } = buildKeyTable(
          known.map((keyId): KeyRecord => ({ ...sample, keyId })),
          new Map(),
        );
        assert.deepEqual(
          known.map((keyId) => findKey(table, keyId)),
          known.map((_, row) => row),
        );
        for (const other of others) if (!known.includes(other)) assert.equal(findKey(table, other), -1);
      }),
    );
  });

  it('leaves out and names keys that are not canonical or stand twice', () => {
    const broken = { ...sample, keyId: 77, spki: sample.spki.subarray(1) };
    const { table, refused } = buildKeyTable([sample, broken, sample], new Map());
    assert.equal(table.size, 1);
    assert.deepEqual(refused, [
      { keyId: 77, refusal: 'not-canonical' },
      { keyId: sample.keyId, refusal: 'duplicate-id' },
    ]);
  });

  it('packs a PSD as it stands in the mark', () => {
    assert.equal(psdBytes('06-2S-4294967295').toString('hex'), '30363253ffffffff');
    assert.equal(psdBytes('06-2S-4294967295').length, PSD_BYTES);
  });
});

describe('the cache of imported keys', () => {
  it('gives the key of each row and never holds more than its bound, whatever is asked for', () => {
    const { table } = buildKeyTable(world.records.keys, new Map());
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat(table.size - 1), { maxLength: 60 }),
        (capacity, rows) => {
          const cache = new KeyCache(table, capacity);
          for (const row of rows) {
            const input = cache.get(row)?.input;
            assert.ok(input !== undefined && 'key' in input);
            const expected = world.records.keys[row]?.spki;
            assert.deepEqual(input.key.export({ format: 'der', type: 'spki' }), expected);
            assert.ok(cache.size <= capacity);
          }
        },
      ),
    );
  });
});

describe('what a license allows a PSD over time', () => {
  it('is the same in periods as asked for at each moment', () => {
    const time = fc.integer({ min: 0, max: 20 });
    const grant: fc.Arbitrary<GrantRecord> = fc.record(
      { license: fc.constant(1), psd: fc.constantFrom('a', 'b', 'c'), grantedAtMs: time, endedAtMs: fc.option(time) },
      { noNullPrototype: true },
    );
    const license: fc.Arbitrary<LicenseRecord> = fc.record(
      {
        license: fc.constant(1),
        holder: fc.constant('h'),
        town: fc.constant('t'),
        depositPostcode: fc.constant('1'),
        psdLimit: fc.integer({ min: 1, max: 2 }),
        validFromMs: time,
        validToMs: time,
        revokedAtMs: fc.option(time),
      },
      { noNullPrototype: true },
    );
    /** Written anew from the meaning of the words, looking at one moment only. */
    const allowed = (record: LicenseRecord, grants: readonly GrantRecord[], psd: string, atMs: number): string => {
      if (record.revokedAtMs !== null && atMs >= record.revokedAtMs) return 'revoked-license';
      if (atMs < record.validFromMs || atMs >= record.validToMs) return 'expired-license';
      const active = grants.filter(
        (one) => atMs >= one.grantedAtMs && (one.endedAtMs === null || atMs < one.endedAtMs),
      );
      const order = active.toSorted((x, y) => x.grantedAtMs - y.grantedAtMs || x.psd.localeCompare(y.psd));
      const place = [...new Set(order.map((one) => one.psd))].indexOf(psd);
      if (place === -1) return 'ungranted-psd';
      return place < record.psdLimit ? 'granted' : 'overspread-license';
    };
    fc.assert(
      fc.property(license, fc.array(grant, { maxLength: 5 }), (record, grants) => {
        const granted = grantedLicenses([record], grants).get(1);
        const periods = authorizationPeriods(granted, 'a');
        for (let atMs = -1; atMs <= 21; atMs++) {
          const period = periods.findLast(({ fromMs }) => fromMs <= atMs);
          assert.equal(period?.authorization, allowed(record, grants, 'a', atMs), `at ${atMs}`);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
