import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type KeyRecord, parseIndicium } from '../../indicium/index.ts';
import type { SuiteName, SuiteNumber } from '../../indicium/layout.ts';
import { encodeSigned } from '../../psd-sim/psd/encoder.ts';
import { authenticate, grantedLicenses, KeyRing, verifySignature } from '../../verify/index.ts';
import { buildKeyTable } from '../support/key-table.ts';

/** Frozen: these bytes were printed once and must be read the same forever. */
interface Vector {
  readonly name: string;
  readonly payload: string;
  readonly suite: SuiteName;
  readonly spki: string;
  readonly fields: {
    readonly suite: SuiteNumber;
    readonly keyId: number;
    readonly license: number;
    readonly manufacturer: string;
    readonly model: string;
    readonly serial: number;
    readonly epoch: number;
    readonly pieceCount: string;
    readonly ascendingMills: string;
    readonly descendingMills: string | null;
    readonly postageMills: string;
    readonly rateCategory: number;
    readonly printedAtSeconds: number;
    readonly depositPostcode: string;
    readonly destinationPostcode: string | null;
  };
}

const vectors: Vector[] = JSON.parse(readFileSync(new URL('../vectors/native-v1.json', import.meta.url), 'utf8'));

describe('frozen marks of layout version 1', () => {
  for (const { name, payload, suite, spki, fields } of vectors) {
    const bytes = Buffer.from(payload, 'hex');
    it(`${name}: every field is read as it was printed`, () => {
      const parsed = parseIndicium(bytes);
      assert.ok('indicium' in parsed);
      const { indicium } = parsed;
      assert.deepEqual(
        [indicium.suite, indicium.keyId, indicium.license, indicium.psd, indicium.epoch],
        [suite, fields.keyId, fields.license, `${fields.manufacturer}-${fields.model}-${fields.serial}`, fields.epoch],
      );
      assert.deepEqual(
        [indicium.pieceCount, BigInt(indicium.ascendingMills), indicium.descendingMills, indicium.postageMills],
        [
          BigInt(fields.pieceCount),
          BigInt(fields.ascendingMills),
          fields.descendingMills === null ? null : Number(fields.descendingMills),
          Number(fields.postageMills),
        ],
      );
      assert.deepEqual(
        [indicium.rateCategory, indicium.printedAtMs, indicium.depositPostcode, indicium.destinationPostcode],
        [fields.rateCategory, fields.printedAtSeconds * 1000, fields.depositPostcode, fields.destinationPostcode],
      );
      assert.ok(verifySignature(suite, Buffer.from(spki, 'base64'), indicium.signedBytes, indicium.signature));
    });

    it(`${name}: is found valid by the registry that has its key, and by no other`, () => {
      const parsed = parseIndicium(bytes);
      assert.ok('indicium' in parsed);
      const { keyId, license, psd, printedAtMs } = parsed.indicium;
      const always = { validFromMs: 0, validToMs: 8.64e15, revokedAtMs: null };
      const key = { keyId, psd, license, suite, spki: Buffer.from(spki, 'base64'), ...always, compromisedFromMs: null };
      const licenses = grantedLicenses(
        [{ license, holder: 'h', town: 't', depositPostcode: '1', psdLimit: 1, ...always }],
        [{ license, psd, grantedAtMs: 0, endedAtMs: null }],
      );
      const outcome = (records: KeyRecord[]) => {
        const { table } = buildKeyTable(records, licenses);
        return authenticate(parsed.indicium, new KeyRing({ version: 1, keys: table }), {
          scannedAtMs: printedAtMs,
          receivedAtMs: null,
        });
      };
      assert.equal(outcome([key]), 'valid');
      const others = vectors.filter((vector) => vector.suite === suite && vector.spki !== spki);
      for (const other of others)
        assert.equal(outcome([{ ...key, spki: Buffer.from(other.spki, 'base64') }]), 'forged');
      assert.equal(outcome([]), 'unknown-key');
    });

    it(`${name}: today's encoder prints the same bytes`, () => {
      const signed = encodeSigned({
        ...fields,
        pieceCount: BigInt(fields.pieceCount),
        ascendingMills: BigInt(fields.ascendingMills),
        descendingMills: fields.descendingMills === null ? null : BigInt(fields.descendingMills),
        postageMills: BigInt(fields.postageMills),
      });
      assert.deepEqual(signed, bytes.subarray(0, signed.length));
    });
  }

  it('lies byte by byte as docs/INDICIUM.md says', () => {
    // Written out by hand from the table, so that an error in the table itself cannot hide.
    const expected = [
      ['01', 'version'],
      ['01', 'suite'],
      ['01', 'flags'],
      ['0000003d0901', 'key id 4,000,001'],
      ['0000000aaee9', 'license 700,137'],
      ['3036', '06'],
      ['3253', '2S'],
      ['0070473b', 'serial 7,358,267'],
      ['00000000', 'epoch'],
      ['000000000000002b', 'piece count 43'],
      ['00000010edf2', 'ascending 1,109,490'],
      ['00000000da5c', 'descending 55,900'],
      ['00001e14', 'postage 7,700'],
      ['0065', 'rate category 101'],
      ['6b001318', '2026-11-20 09:30:00 UTC'],
      ['075d39080000', 'postcode 06484: 1, 7, 5 and 9, 5, padding'],
    ];
    assert.ok(vectors[0]?.payload.startsWith(expected.map(([hex]) => hex).join('')));
  });
});
