import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseForeignMark, parseIndicium } from '../../indicium/index.ts';
import { PROFILES } from '../../indicium/profiles.ts';
import { SmallWorld } from '../support/marks.ts';

/** Bytes of fields as [value, length], little-endian where the value is a number. */
function littleEndian(...parts: readonly (readonly [number | string, number])[]): Buffer {
  return Buffer.concat(
    parts.map(([value, length]) => {
      if (typeof value === 'string') return Buffer.from(value, 'latin1');
      const bytes = Buffer.alloc(length);
      bytes.writeUIntLE(value, 0, length);
      return bytes;
    }),
  );
}

interface Dump {
  readonly version: number;
  readonly certificateSerial: number;
  readonly manufacturer: string;
  readonly model: string;
  readonly psdSerial: number;
  readonly ascendingMills: number;
  readonly postageMills: number;
  readonly date: number;
  readonly originZip: number;
  readonly destinationZip: number;
  readonly descendingMills: number;
}

// What two published dumps of Information-Based Indicia hold, by offset.
const DUMP_A: Dump = {
  version: 0x05,
  certificateSerial: 65_535,
  manufacturer: '06',
  model: '2S',
  psdSerial: 7_358_267,
  ascendingMills: 1_109_490,
  postageMills: 7_700,
  date: 20_140_630,
  originZip: 78_681,
  destinationZip: 0,
  descendingMills: 55_900,
};
const DUMP_B: Dump = {
  version: 0x50,
  certificateSerial: 817_372,
  manufacturer: '07',
  model: '1V',
  psdSerial: 552_023,
  ascendingMills: 338_313_184_890,
  postageMills: 10_200,
  date: 20_101_002,
  originZip: 20_260,
  destinationZip: 359_483_751,
  descendingMills: 36_815_110,
};

function ibiBytes(dump: Dump): Buffer {
  return littleEndian(
    [dump.version, 1],
    [1, 1],
    [dump.certificateSerial, 4],
    [dump.manufacturer, 2],
    [dump.model, 2],
    [dump.psdSerial, 4],
    [dump.ascendingMills, 5],
    [dump.postageMills, 3],
    [dump.date, 4],
    [dump.originZip, 4],
    [dump.destinationZip, 5],
    ['SOFTID', 6],
    [dump.descendingMills, 4],
    ['8034', 4],
    ['\x07'.repeat(40), 40],
  );
}

describe('marks of real posts', () => {
  for (const [name, dump] of [
    ['A', DUMP_A],
    ['B', DUMP_B],
  ] as const) {
    it(`USPS IBI, dump ${name}`, () => {
      const bytes = ibiBytes(dump);
      assert.equal(bytes.readUInt32LE(41), dump.descendingMills, 'the offset of the dump');
      const mark = parseForeignMark(bytes);
      assert.equal(mark?.profile, 'usps-ibi');
      const shown: Record<string, unknown> = { ...mark.fields };
      for (const [field, value] of Object.entries(dump)) assert.equal(shown[field], value, field);
      assert.equal(shown.rest, '07'.repeat(40));
    });
  }

  it('USPS IBI-Lite', () => {
    const bytes = littleEndian([1, 1], [4711, 4], [6, 1], [123_456, 3], [460, 3], [77, 2], ['HMAC12', 6]);
    assert.deepEqual(parseForeignMark(bytes), {
      profile: 'usps-ibi-lite',
      post: 'United States Postal Service',
      fields: {
        version: 1,
        pieceCount: 4711,
        vendorModel: 6,
        psdSerial: 123_456,
        postageMills: 460,
        mailService: 77,
        hmac: Buffer.from('HMAC12').toString('hex'),
      },
    });
  });

  it('Deutsche Post DV-Freimachung: the 324th day of 2026', () => {
    const bytes = Buffer.alloc(28);
    bytes.write('DEA', 'latin1');
    bytes.writeUInt8(0x12, 3);
    bytes.writeUInt8(9, 4);
    bytes.writeUIntBE(5_012_345_678, 5, 5);
    bytes.writeUInt8(1, 10);
    bytes.writeUInt8(85, 11);
    bytes.writeUInt16BE(32_426, 12);
    bytes.writeUInt16BE(21, 14);
    bytes.writeUIntBE(70_001, 16, 3);
    const mark = parseForeignMark(bytes);
    assert.equal(mark?.profile, 'deutsche-post-dv');
    const { customer, valueEuro, valueCent, date, product, item, rest } = mark.fields;
    const expected = [5_012_345_678, 1, 85, 32_426, 21, 70_001, '000000000000'];
    assert.deepEqual([customer, valueEuro, valueCent, date, product, item, rest], expected);
  });

  it('Royal Mail Mailmark 2D, with text of the customer', () => {
    const mark = parseForeignMark(Buffer.from('JGB 011123456700012345EC1A1BB1A0SW1A1AA      HELLO'));
    assert.equal(mark?.profile, 'mailmark-2d');
    const { supplyChain, item, postcodeAndDps, returnPostcode, rest } = mark.fields;
    assert.deepEqual(
      [supplyChain, item, postcodeAndDps, returnPostcode, rest],
      ['1234567', '00012345', 'EC1A1BB1A', 'SW1A1AA', Buffer.from('HELLO').toString('hex')],
    );
  });

  it('are never an indicium that could be valid, and an indicium is never one of them', () => {
    const dumps = [ibiBytes(DUMP_A), ibiBytes(DUMP_B), Buffer.from('JGB 011123456700012345EC1A1BB1A0SW1A1AA      ')];
    for (const bytes of dumps) assert.ok('failure' in parseIndicium(bytes));
    assert.equal(parseForeignMark(new SmallWorld(1, 1).frank()), null);
  });

  it('are told from any other bytes without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const mark = parseForeignMark(bytes);
        assert.ok(mark === null || PROFILES.some(({ profile }) => profile === mark.profile));
      }),
      { numRuns: 500 },
    );
  });
});
