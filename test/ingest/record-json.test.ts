import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isObject, parseRecord, recordText } from '../../scans/record-json.ts';

const TEXT_FIELDS = ['scanId', 'plant', 'machine', 'mailpieceId', 'destination'];

describe('the JSON of a scan', () => {
  it('has the digits of texts that are written as numbers, at any length', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 40n }).map(String);
    fc.assert(
      fc.property(fc.constantFrom(...TEXT_FIELDS), digits, fc.boolean(), (field, number, isListed) => {
        const record = `{"${field}": ${number} ,"weightGrams":20}`;
        const expected = { [field]: number, weightGrams: 20 };
        const parsed = parseRecord(isListed ? `{"scans":[{"plant":"a"},${record}]}` : record);
        assert.deepEqual(parsed, isListed ? { scans: [{ plant: 'a' }, expected] } : expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves numbers alone that are not digits, and those of unknown fields', () => {
    for (const text of ['{"plant":1.5}', '{"plant":-5}', '{"plant":1e3}', '{"mailpieceId":9,"vendor":{"plant":7}}']) {
      const expected: Record<string, unknown> = JSON.parse(text);
      if ('mailpieceId' in expected) expected.mailpieceId = '9';
      assert.deepEqual(parseRecord(text), expected, text);
    }
  });

  it('is taken the same way when it is written again', () => {
    const number = fc.oneof(fc.constantFrom('1e3', '10.0', '-0', '0.5', '12', '1E+2', '-7'), fc.nat().map(String));
    const value = fc.oneof(number, fc.json());
    const record = fc.dictionary(fc.constantFrom(...TEXT_FIELDS, 'weightGrams', 'vendor', '7'), value).map((fields) => {
      return `{${Object.entries(fields).map(([field, text]) => `"${field}":${text}`)}}`;
    });
    fc.assert(
      fc.property(record, (text) => {
        const taken: unknown = parseRecord(text);
        assert.ok(isObject(taken));
        assert.deepEqual(parseRecord(recordText(taken)), JSON.parse(JSON.stringify(taken)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not a scan where it nests deeper than one may, and then takes no time', () => {
    const deep = `{"plant":1,"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    assert.equal(JSON.stringify(parseRecord(deep)).slice(0, 10), `{"plant":1`);
  });

  it('is refused where a key stands twice', () => {
    assert.throws(() => parseRecord('{"plant":"1","plant":"2"}'), /the key "plant" is there twice/);
  });
});
