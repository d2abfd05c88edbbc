import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type ForeignMark, foreignFields, parseForeignMark } from '../../../indicium/index.ts';
import { DUMP_TRUTHS, DUMPS, dumpBytes } from '../../support/dump-truths.ts';

function parsed(bytes: Uint8Array): ForeignMark {
  const mark = parseForeignMark(bytes);
  assert.ok(mark !== null, 'of no post');
  return mark;
}

/** A dump with other bytes at some offset. */
function changed(name: string, offset: number, hex: string): Buffer {
  const bytes = dumpBytes(name);
  bytes.write(hex, offset, 'hex');
  return bytes;
}

/** What a table of Information-Based Indicia says of a dump, with what follows it. */
interface IbiDump {
  readonly version: number;
  readonly certificateSerial: number;
  readonly manufacturer: string;
  readonly psdSerial: number;
  readonly ascendingMills: bigint;
  readonly postageMills: number;
  readonly date: number;
  readonly originZip: number;
  readonly destinationZip: bigint;
  readonly descendingMills: number;
  readonly rateCategory: string;
}

function ibiBytes(dump: IbiDump): Buffer {
  const bytes = Buffer.alloc(89, 7);
  const five = (value: bigint, offset: number) => {
    bytes.writeUInt32LE(Number(value & 0xffff_ffffn), offset);
    bytes.writeUInt8(Number(value >> 32n), offset + 4);
  };
  bytes.writeUInt8(dump.version, 0);
  bytes.writeUInt8(1, 1);
  bytes.writeUInt32LE(dump.certificateSerial, 2);
  bytes.write(dump.manufacturer, 6, 'latin1');
  bytes.writeUInt32LE(dump.psdSerial, 10);
  five(dump.ascendingMills, 14);
  bytes.writeUIntLE(dump.postageMills, 19, 3);
  bytes.writeUInt32LE(dump.date, 22);
  bytes.writeUInt32LE(dump.originZip, 26);
  five(dump.destinationZip, 30);
  bytes.write('b5c300000000', 35, 'hex');
  bytes.writeUInt32LE(dump.descendingMills, 41);
  bytes.write(dump.rateCategory, 45, 'latin1');
  return bytes;
}

const IBI_A: IbiDump = {
  version: 0x05,
  certificateSerial: 65_535,
  manufacturer: '062S',
  psdSerial: 7_358_267,
  ascendingMills: 1_109_490n,
  postageMills: 7_700,
  date: 20_140_630,
  originZip: 78_681,
  destinationZip: 0n,
  descendingMills: 55_900,
  rateCategory: '8034',
};

describe('the dump', () => {
  for (const { dump, fields } of DUMP_TRUTHS) {
    it(`${dump} shows all that is known of it`, () => {
      const shown = foreignFields(parsed(dumpBytes(dump)));
      for (const [name, value] of Object.entries(fields)) assert.deepEqual([name, shown[name]], [name, value]);
    });
  }

  it('of each file has a truth', () => {
    const names = readdirSync(DUMPS).filter((name) => !name.endsWith('.ndjson'));
    assert.deepEqual(names, DUMP_TRUTHS.flatMap(({ dump }) => [`${dump}.bin`, `${dump}.png`]).toSorted());
  });
});

describe('Deutsche Post', () => {
  it('has values of two bytes of cents, whatever they are', () => {
    for (const [hex, value] of [
      ['010e', '2.70 EUR'],
      ['00be', '1.90 EUR'],
      ['003e', '0.62 EUR'],
      ['0000', '0.00 EUR'],
      ['ffff', '655.35 EUR'],
    ] as const) {
      assert.equal(parsed(changed('dp-dv-185', 10, hex)).fields.value, value);
      assert.equal(parsed(changed('dp-stamp-66', 40, hex)).fields.value, value);
    }
  });

  it('has dates of any day of this century, and says so where there is none', () => {
    for (const [dayAndYear, date] of [
      [100, '2000-01-01'],
      [6_024, '2024-02-29'],
      [6_023, '2023-03-01'],
      [36_624, '2024-12-31'],
      [36_523, '2023-12-31'],
      [36_600, '2000-12-31'],
      [36_599, '2099-12-31'],
      [36_699, 'no date: 36699'],
      [36_623, 'no date: 36623'],
      [36_724, 'no date: 36724'],
      [24, 'no date: 24'],
      [0, 'no date: 0'],
      [65_535, 'no date: 65535'],
    ] as const) {
      const hex = dayAndYear.toString(16).padStart(4, '0');
      assert.equal(parsed(changed('dp-dv-62', 12, hex)).fields.date, date);
    }
  });

  it('prints franking ids of the first eight digits of the customer, with their check digit', () => {
    // Printed on mail of these customers; the first with all fields of its mark.
    const bytes = dumpBytes('dp-dv-62');
    bytes.writeUIntBE(5_071_515_132, 5, 5);
    bytes.writeUIntBE(520_931, 16, 3);
    bytes.writeUInt8(66, 19);
    bytes.writeUInt16BE(9_999, 20);
    assert.deepEqual([parsed(bytes).fields.frankingId, parsed(bytes).fields.checkDigit], ['42305DA0F270F07F2E3C', 'C']);
    bytes.writeUIntBE(5_239_374_000, 5, 5);
    bytes.writeUIntBE(0x017099, 16, 3);
    bytes.writeUInt8(1, 19);
    bytes.writeUInt16BE(0x0114, 20);
    assert.equal(parsed(bytes).fields.frankingId, '0131F770C01140170998');
  });

  it('has no franking id for a number that no customer has', () => {
    const { fields } = parsed(changed('dp-dv-62', 5, 'ffffffffff'));
    assert.deepEqual([fields.customer, fields.frankingId, fields.checkDigit], [2 ** 40 - 1, undefined, undefined]);
  });

  it('is named with its kind where the layout is not public, with fields that nobody confirms', () => {
    for (const [kind, name] of [
      [1, 'Stampit'],
      [9, 'Pressepost'],
      [25, 'Pressepost'],
      [26, 'Pressepost'],
      [48, 'Plusbrief'],
      [66, 'Plusbrief'],
      [0, 'kind 0'],
      [77, 'kind 77'],
      [255, 'kind 255'],
    ] as const) {
      for (const length of [4, 28, 42, 47, 202]) {
        const bytes = Buffer.alloc(length, 0xa5);
        bytes.write('DEA', 'latin1');
        bytes.writeUInt8(kind, 3);
        const mark = parsed(bytes);
        assert.deepEqual([mark.profile, mark.kind, mark.fields.type], ['deutsche-post-other', name, kind]);
        assert.deepEqual(mark.unconfirmed, Object.keys(mark.fields));
      }
    }
  });

  it('is shown with unconfirmed fields where only decoders tell the layout', () => {
    const frankit = parsed(Buffer.from('444541031e0102030405010e82300016ff', 'hex'));
    assert.equal(frankit.kind, 'FRANKIT');
    assert.deepEqual(frankit.fields, {
      ...{ operator: 'DEA', type: 3, priceList: 30, machine: '0102030405', value: '2.70 EUR', valueCents: 270 },
      ...{ date: '2028-11-28', product: 22, rest: 'ff' },
    });
    assert.deepEqual(frankit.unconfirmed, Object.keys(frankit.fields));
    const internetmarke = parsed(Buffer.from('44454185000000002a01317b93ac0094', 'hex'));
    assert.equal(internetmarke.kind, 'Internetmarke');
    assert.deepEqual(
      [internetmarke.fields.runningNumber, internetmarke.fields.customer, internetmarke.fields.product],
      [42, 5_125_149_612, 148],
    );
    assert.deepEqual(internetmarke.unconfirmed, Object.keys(internetmarke.fields));
  });

  it('has no layout of DV-Freimachung at any other kind or length', () => {
    assert.equal(parsed(changed('dp-dv-62', 3, '09')).fields.value, undefined);
    assert.deepEqual(
      [28, 42].map((length) => parsed(dumpBytes('dp-dv-62').subarray(0, length)).profile),
      ['deutsche-post-dv', 'deutsche-post-dv'],
    );
    const cut = parsed(dumpBytes('dp-dv-62').subarray(0, 41));
    assert.deepEqual([cut.profile, cut.kind], ['deutsche-post-other', 'DV-Freimachung']);
  });

  it('shows a check digit of a registered label that is not the computed one', () => {
    const { fields } = parsed(changed('dp-registered', 8, '066bf435'));
    assert.deepEqual([fields.registeredNumber, fields.checkDigit], ['RN107738165DE', '5, computed 4']);
    assert.equal(parsed(changed('dp-registered', 6, '0a1b')).fields.registeredNumber, undefined);
  });

  it('shows a device that is not a decimal number as it is', () => {
    assert.equal(parsed(changed('dp-fs-41', 8, '0a41')).fields.device, '0x0a41');
  });
});

describe('Royal Mail', () => {
  it('has stamps of the pilot, which lack the spaces', () => {
    const stamp = dumpBytes('rm-stamp-20p').toString('latin1').replace(/ {15}/, '');
    const mark = parsed(Buffer.from(stamp, 'latin1'));
    assert.deepEqual([stamp.length, mark.profile], [55, 'royal-mail-stamp-pilot']);
    const { value, date, item, check } = mark.fields;
    assert.deepEqual([value, date, item, check], ['0.20 GBP', '2023-02-08', '01107873', 'E11E7843FEB9611E']);
    assert.deepEqual(mark.unconfirmed, Object.keys(mark.fields));
  });

  it('has no Mailmark among its stamps, whatever their length', () => {
    const stamp = dumpBytes('rm-stamp-20p');
    for (const length of [45, 54, 60, 69]) {
      const mark = parsed(stamp.subarray(0, length));
      assert.deepEqual([mark.profile, mark.kind], ['royal-mail-other', 'stamp of another length']);
    }
  });

  it('shows what the customer adds to a Mailmark', () => {
    const mark = parsed(Buffer.from('JGB 011123456700012345EC1A1BB1A0SW1A1AA      HELLO'));
    const { returnPostcode, customerData, customerDataText } = mark.fields;
    assert.deepEqual([returnPostcode, customerData, customerDataText], ['SW1A1AA', '48454c4c4f', 'HELLO']);
  });

  it('shows an invalid value or date as it stands there', () => {
    const stamp = dumpBytes('rm-stamp-20p');
    stamp.write('  1st310299', 24, 'latin1');
    const { value, valuePence, date } = parsed(stamp).fields;
    assert.deepEqual([value, valuePence, date], ['  1st', undefined, 'no date: 310299']);
  });
});

describe('the United States Postal Service', () => {
  it('has registers, postage and dates as the table of a first dump says', () => {
    const { fields, unconfirmed } = parsed(ibiBytes(IBI_A));
    assert.deepEqual(fields, {
      ...{ version: 5, algorithm: 1, certificateSerial: 65_535, manufacturer: '06', model: '2S', psdSerial: 7_358_267 },
      ...{ ascending: '1109.49 USD', ascendingMills: 1_109_490, postage: '7.70 USD', postageMills: 7_700 },
      ...{ date: '2014-06-30', originZip: '78681', destinationZip: '0', softwareId: 'b5c300000000' },
      ...{ descending: '55.90 USD', descendingMills: 55_900, rateCategory: '8034', rest: '07'.repeat(40) },
      meter: '062S7358267',
    });
    assert.deepEqual(unconfirmed, ['rest']);
  });

  it('has registers beyond 2^32 mills and destinations of eleven digits', () => {
    const far = { ...IBI_A, ascendingMills: 2n ** 40n - 1n, originZip: 6_484, destinationZip: 6_443_123_401n };
    const { fields } = parsed(ibiBytes(far));
    assert.deepEqual(
      [fields.ascending, fields.ascendingMills, fields.originZip, fields.destinationZip],
      ['1099511627.775 USD', 2 ** 40 - 1, '06484', '6443123401'],
    );
  });

  it('has no mark without a date, an origin or a maker, and none of its size after 2025', () => {
    for (const change of [
      { date: 20_140_631 },
      { date: 20_260_101 },
      { originZip: 100_000 },
      { manufacturer: '0 2S' },
    ]) {
      assert.equal(parseForeignMark(ibiBytes({ ...IBI_A, ...change })), null, JSON.stringify(change));
    }
  });
});
