import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseIndicium } from '../../indicium/index.ts';
import { keyPairFrom } from '../../psd-sim/key-pair.ts';
import { Psd } from '../../psd-sim/psd.ts';
import { Random } from '../../psd-sim/random.ts';
import { credit, debit, newRegisterSet } from '../../psd-sim/register-set.ts';
import { PRINTED_AT_MS, TOWN } from '../support/marks.ts';

const amount = fc.bigInt({ min: 1n, max: 10_000n });
const step = fc.oneof(
  fc.record({ kind: fc.constant('frank' as const), license: fc.constantFrom(1, 2), mills: amount }),
  fc.record({ kind: fc.constant('refill' as const), license: fc.constantFrom(1, 2), mills: amount }),
);

function devicesOf(kind: 'prepaid' | 'postpaid'): Psd {
  const psd = new Psd({ manufacturer: '06', model: '2S', serial: 1 });
  for (const license of [1, 2]) {
    psd.install(newRegisterSet(license, kind), license, keyPairFrom(new Random('keys').bytes(String(license))));
  }
  return psd;
}

describe('a PSD with two register sets', () => {
  it('never prints more postage than was paid, and keeps ascending + descending at what was credited', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const psd = devicesOf('prepaid');
        const model = new Map([1, 2].map((license) => [license, { credited: 0n, printed: 0n, pieces: 0n }]));
        for (const { kind, license, mills } of steps) {
          const books = model.get(license);
          assert.ok(books !== undefined);
          if (kind === 'refill') {
            psd.refill(license, mills);
            books.credited += mills;
          } else {
            const franking = psd.frank({
              license,
              postageMills: mills,
              rateCategory: 1,
              printedAtMs: PRINTED_AT_MS,
              depositPostcode: TOWN.depositPostcode,
              destinationPostcode: null,
            });
            if (books.printed + mills > books.credited) {
              assert.equal(franking, 'insufficient-funds');
              continue;
            }
            assert.ok(typeof franking !== 'string');
            books.printed += mills;
            books.pieces += 1n;
            const parsed = parseIndicium(franking.payload);
            assert.ok('indicium' in parsed);
            const { ascendingMills, descendingMills, pieceCount, postageMills } = parsed.indicium;
            assert.deepEqual(
              [BigInt(ascendingMills), BigInt(descendingMills ?? -1), pieceCount, BigInt(postageMills)],
              [books.printed, books.credited - books.printed, books.pieces, mills],
            );
          }
          for (const [number, { credited, printed, pieces }] of model) {
            const registers = psd.registers(number);
            assert.deepEqual(
              [registers?.ascendingMills, registers?.descendingMills, registers?.pieceCount],
              [printed, credited - printed, pieces],
              'the other license is left alone',
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('prints without credit in a country that has no descending register', () => {
    const psd = devicesOf('postpaid');
    const franking = psd.frank({
      license: 1,
      postageMills: 730n,
      rateCategory: 1,
      printedAtMs: PRINTED_AT_MS,
      depositPostcode: TOWN.depositPostcode,
      destinationPostcode: null,
    });
    assert.ok(typeof franking !== 'string');
    const parsed = parseIndicium(franking.payload);
    assert.equal('indicium' in parsed && parsed.indicium.descendingMills, null);
  });

  it('refuses a license that it does not have', () => {
    const refusal = devicesOf('prepaid').frank({
      license: 3,
      postageMills: 1n,
      rateCategory: 1,
      printedAtMs: PRINTED_AT_MS,
      depositPostcode: '1',
      destinationPostcode: null,
    });
    assert.equal(refusal, 'no-such-license');
  });
});

describe('a register set', () => {
  it('refuses postage of nothing or less', () => {
    const set = credit(newRegisterSet(1, 'prepaid'), 5n);
    assert.equal(debit(set, 0n), 'postage-not-positive');
    assert.equal(debit(set, -1n), 'postage-not-positive');
  });

  it('never overflows its six bytes', () => {
    const set = { ...newRegisterSet(1, 'postpaid'), ascendingMills: 2n ** 48n - 2n };
    assert.equal(debit(set, 2n), 'register-full');
    assert.ok(typeof debit(set, 1n) !== 'string');
    assert.throws(() => credit(newRegisterSet(1, 'prepaid'), 2n ** 48n), RangeError);
  });
});
