import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Indicium, parseIndicium } from '../../indicium/index.ts';
import { FIELDS, SIGNED_BYTES, SUITES, type SuiteNumber } from '../../indicium/layout.ts';
import { encodeMark, encodeSigned, type MarkFields } from '../../psd-sim/psd/encoder.ts';
import { markBytes, markFields, SmallWorld } from '../support/marks.ts';

function parsed(bytes: Uint8Array): Indicium {
  const outcome = parseIndicium(bytes);
  assert.ok('indicium' in outcome, `not parsed: ${'failure' in outcome ? outcome.failure : ''}`);
  return outcome.indicium;
}

function failureOf(bytes: Uint8Array): string {
  const outcome = parseIndicium(bytes);
  return 'failure' in outcome ? outcome.failure : 'parsed';
}

/** What an encoder would be given to make this mark again. */
function fieldsOf(indicium: Indicium): MarkFields {
  const [manufacturer = '', model = '', serial = ''] = indicium.psd.split('-');
  const suite = ([1, 2, 3, 4] satisfies SuiteNumber[]).find((number) => SUITES[number].name === indicium.suite);
  assert.ok(suite !== undefined);
  return {
    suite,
    keyId: indicium.keyId,
    license: indicium.license,
    manufacturer,
    model,
    serial: Number(serial),
    epoch: indicium.epoch,
    pieceCount: indicium.pieceCount,
    ascendingMills: BigInt(indicium.ascendingMills),
    descendingMills: indicium.descendingMills === null ? null : BigInt(indicium.descendingMills),
    postageMills: BigInt(indicium.postageMills),
    rateCategory: indicium.rateCategory,
    printedAtSeconds: indicium.printedAtMs / 1000,
    depositPostcode: indicium.depositPostcode,
    destinationPostcode: indicium.destinationPostcode,
  };
}

describe('the parser', () => {
  it('gives back every field that the encoder wrote, for 100,000 indicia', () => {
    fc.assert(
      fc.property(markFields, (fields) => {
        const signature = Buffer.alloc(SUITES[fields.suite].signatureBytes, 7);
        assert.deepEqual(fieldsOf(parsed(encodeMark(encodeSigned(fields), fields.suite, signature))), fields);
      }),
      { numRuns: 100_000 },
    );
  });

  it('accepts only bytes that encode again to the same bytes, whatever they are', () => {
    const mutated = fc
      .tuple(markBytes, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }))
      .map(([bytes, changes]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) copy[at % SIGNED_BYTES] = value;
        return copy;
      });
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), (bytes) => {
        const outcome = parseIndicium(bytes);
        if ('failure' in outcome) return;
        accepted += 1;
        const fields = fieldsOf(outcome.indicium);
        const again = encodeMark(encodeSigned(fields), fields.suite, Buffer.from(outcome.indicium.signature));
        assert.deepEqual(again, Buffer.from(bytes));
      }),
      { numRuns: 20_000 },
    );
    assert.ok(accepted > 1_000, `only ${accepted} of 20,000 parsed: the fuzz says nothing`);
  });

  it('shows the bytes that were scanned, not a copy of them', () => {
    const bytes = new SmallWorld(1, 1).frank();
    const indicium = parsed(bytes);
    assert.equal(indicium.signedBytes.buffer, bytes.buffer);
    assert.deepEqual(Buffer.concat([indicium.signedBytes, indicium.signature]), bytes);
  });

  it('reads a mark that lies inside a larger buffer', () => {
    const bytes = new SmallWorld(1, 1).frank();
    const larger = Buffer.concat([Buffer.alloc(13, 0xff), bytes, Buffer.alloc(5, 0xff)]);
    const { signedBytes, signature, ...rest } = parsed(larger.subarray(13, 13 + bytes.length));
    const { signedBytes: _, signature: __, ...expected } = parsed(bytes);
    assert.deepEqual(rest, expected);
    assert.equal(signedBytes.length + signature.length, bytes.length);
  });
});

describe('every bound of the layout', () => {
  const genuine = new SmallWorld(1, 1).frank();
  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(genuine);
    change(bytes);
    return bytes;
  };
  const cases: [string, Uint8Array][] = [
    ['payload-empty', Buffer.alloc(0)],
    ['unknown-version', Buffer.of(0)],
    ['unknown-version', changed((bytes) => bytes.writeUInt8(2, FIELDS.version.offset))],
    ['bad-length', Buffer.of(1)],
    ['bad-length', genuine.subarray(0, SIGNED_BYTES)],
    ['bad-length', genuine.subarray(0, -1)],
    ['bad-length', Buffer.concat([genuine, Buffer.of(0)])],
    ['payload-too-long', Buffer.alloc(10_000, 1)],
    ['unknown-suite', changed((bytes) => bytes.writeUInt8(0, FIELDS.suite.offset))],
    ['unknown-suite', changed((bytes) => bytes.writeUInt8(5, FIELDS.suite.offset))],
    ['bad-length', changed((bytes) => bytes.writeUInt8(3, FIELDS.suite.offset))],
    ['reserved-bits', changed((bytes) => bytes.writeUInt8(0b11, FIELDS.flags.offset))],
    ['reserved-bits', changed((bytes) => bytes.writeUInt8(0x80, FIELDS.flags.offset))],
    ['reserved-bits', changed((bytes) => bytes.writeUInt8(0, FIELDS.flags.offset))],
    ['out-of-range', changed((bytes) => bytes.fill(0, FIELDS.keyId.offset, FIELDS.keyId.offset + 6))],
    ['out-of-range', changed((bytes) => bytes.fill(0, FIELDS.license.offset, FIELDS.license.offset + 6))],
    ['out-of-range', changed((bytes) => bytes.fill(0, FIELDS.pieceCount.offset, FIELDS.pieceCount.offset + 8))],
    ['out-of-range', changed((bytes) => bytes.writeUInt32BE(731, FIELDS.postageMills.offset))],
    ['bad-psd', changed((bytes) => bytes.write('a', FIELDS.manufacturer.offset))],
    ['bad-psd', changed((bytes) => bytes.write('\0', FIELDS.model.offset + 1))],
    ['bad-date', changed((bytes) => bytes.writeUInt32BE(946_684_799, FIELDS.printedAtSeconds.offset))],
    ['bad-date', changed((bytes) => bytes.writeUInt32BE(4_102_444_800, FIELDS.printedAtSeconds.offset))],
    [
      'bad-postcode',
      changed((bytes) => bytes.fill(0, FIELDS.depositPostcode.offset, FIELDS.depositPostcode.offset + 6)),
    ],
    ['bad-postcode', changed((bytes) => bytes.writeUInt16BE(64_000, FIELDS.depositPostcode.offset))],
    ['bad-postcode', changed((bytes) => bytes.writeUInt16BE(37 * 1600, FIELDS.depositPostcode.offset))],
    ['bad-postcode', changed((bytes) => bytes.writeUInt16BE(1, FIELDS.destinationPostcode.offset))],
    ['bad-postcode', changed((bytes) => bytes.writeUInt16BE(0, FIELDS.destinationPostcode.offset))],
  ];
  for (const [index, [failure, bytes]] of cases.entries()) {
    it(`${failure} (case ${index + 1})`, () => assert.equal(failureOf(bytes), failure));
  }

  it('lets the extremes pass', () => {
    const extremes: Partial<MarkFields>[] = [
      { pieceCount: 2n ** 31n },
      { pieceCount: 2n ** 53n + 1n },
      { pieceCount: 2n ** 64n - 1n },
      { ascendingMills: 2n ** 48n - 1n },
      { descendingMills: 2n ** 48n - 1n },
      { descendingMills: null },
      { destinationPostcode: null },
      { postageMills: 0n },
    ];
    for (const extreme of extremes) {
      const fields = { ...fieldsOf(parsed(genuine)), ...extreme };
      assert.deepEqual(fieldsOf(parsed(encodeMark(encodeSigned(fields), 1, Buffer.alloc(64)))), fields);
    }
  });
});

describe('the encoder', () => {
  const fields = fieldsOf(parsed(new SmallWorld(1, 1).frank()));
  const wrong: Partial<MarkFields>[] = [
    { keyId: 0 },
    { keyId: 2 ** 48 },
    { license: 0 },
    { manufacturer: 'abc' },
    { model: 'é1' },
    { serial: -1 },
    { pieceCount: 0n },
    { pieceCount: 2n ** 64n },
    { ascendingMills: 2n ** 48n },
    { rateCategory: 65_536 },
    { printedAtSeconds: 0 },
    { depositPostcode: '' },
    { depositPostcode: '0123456789' },
    { destinationPostcode: '' },
    { destinationPostcode: 'sw1a 1aa' },
  ];
  for (const change of wrong) {
    it(`refuses ${Object.keys(change)}: ${Object.values(change)}`, () => {
      assert.throws(() => encodeSigned({ ...fields, ...change }), RangeError);
    });
  }
  it('refuses a signature of another length', () => {
    assert.throws(() => encodeMark(encodeSigned(fields), 1, Buffer.alloc(63)), RangeError);
  });
});
