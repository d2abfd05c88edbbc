import fc from 'fast-check';
import type { KeyRecord } from '../../indicium/index.ts';
import { POSTCODE_ALPHABET, PRINTED_AT_SECONDS_MAX, PRINTED_AT_SECONDS_MIN, SUITES } from '../../indicium/layout.ts';
import { type KeyPair, keyPairFrom } from '../../psd-sim/key-pair.ts';
import { encodeMark, encodeSigned, type MarkFields } from '../../psd-sim/psd/encoder.ts';
import { type PsdIdentity, psdName } from '../../psd-sim/psd/secure-records.ts';
import { Random } from '../../psd-sim/random.ts';
import { grantedLicenses, type Registry } from '../../verify/index.ts';
import { buildKeyTable } from './key-table.ts';

const U48_MAX = 2 ** 48 - 1;

function code(alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...alphabet), { minLength, maxLength }).map((characters) => characters.join(''));
}

const POSTCODE = POSTCODE_ALPHABET.slice(1);

/** Everything that a mark can hold, bounds included. */
export const markFields: fc.Arbitrary<MarkFields> = fc
  .record(
    {
      suite: fc.constantFrom<(1 | 2 | 3 | 4)[]>(1, 2, 3, 4),
      keyId: fc.integer({ min: 1, max: U48_MAX }),
      license: fc.integer({ min: 1, max: U48_MAX }),
      manufacturer: code(POSTCODE, 2, 2),
      model: code(POSTCODE, 2, 2),
      serial: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      pieceCount: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
      ascendingMills: fc.bigInt({ min: 0n, max: BigInt(U48_MAX) }),
      descendingMills: fc.option(fc.bigInt({ min: 0n, max: BigInt(U48_MAX) })),
      postageMills: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
      rateCategory: fc.integer({ min: 0, max: 65_535 }),
      printedAtSeconds: fc.integer({ min: PRINTED_AT_SECONDS_MIN, max: PRINTED_AT_SECONDS_MAX - 1 }),
      depositPostcode: code(POSTCODE, 1, 9),
      destinationPostcode: fc.option(code(POSTCODE, 1, 12)),
    },
    { noNullPrototype: true },
  )
  .filter((fields) => fields.postageMills <= fields.ascendingMills);

/** A well-formed mark whose signature is noise: parsing does not look at it. */
export const markBytes: fc.Arbitrary<Buffer> = markFields.chain((fields) => {
  const { signatureBytes } = SUITES[fields.suite];
  return fc
    .uint8Array({ minLength: signatureBytes, maxLength: signatureBytes })
    .map((signature) => encodeMark(encodeSigned(fields), fields.suite, Buffer.from(signature)));
});

export const TOWN = { name: 'Shelton', depositPostcode: '06484' };
export const PRINTED_AT_MS = Date.UTC(2026, 10, 20, 9, 30);
/** What was paid for each register set of a small world. */
export const FUNDS_MILLS = 1_000_000_000;
export const ALWAYS_VALID = { validFromMs: 0, validToMs: 8.64e15, revokedAtMs: null };

/** A registry before its keys are packed: tests change it, then pack it. */
export type RegistryRecords = Omit<Registry, 'keys'> & { readonly keys: readonly KeyRecord[] };

export function packed(records: RegistryRecords): Registry {
  const { table } = buildKeyTable(records.keys, grantedLicenses(records.licenses, records.grants));
  return { ...records, keys: table };
}

interface SmallSet {
  readonly keyId: number;
  readonly pair: KeyPair;
  pieceCount: bigint;
  ascendingMills: bigint;
}

/** PSDs and licenses of a small world: every license on every PSD, each pair with a key and registers of its own. */
export class SmallWorld {
  readonly psds: readonly (PsdIdentity & { readonly name: string })[];
  readonly licenses: readonly number[];
  readonly records: RegistryRecords;
  readonly #sets = new Map<string, SmallSet>();

  constructor(psds: number, licenses: number, label = 'small world') {
    const random = new Random(label);
    this.psds = Array.from({ length: psds }, (_, serial) => {
      const identity = { manufacturer: '06', model: '2S', serial };
      return { ...identity, name: psdName(identity) };
    });
    this.licenses = Array.from({ length: licenses }, (_, index) => 1000 + index);
    for (const psd of this.psds) {
      for (const license of this.licenses) {
        const pair = keyPairFrom(random.bytes(`${psd.name} ${license}`));
        this.#sets.set(`${psd.name} ${license}`, {
          keyId: this.#sets.size + 1,
          pair,
          pieceCount: 0n,
          ascendingMills: 0n,
        });
      }
    }
    const pairs = this.psds.flatMap((psd) => this.licenses.map((license) => ({ psd: psd.name, license })));
    this.records = {
      version: 1,
      digest: label,
      zones: null,
      issuedAtMs: PRINTED_AT_MS,
      expiresAtMs: 8.64e15,
      keys: pairs.map(({ psd, license }) => ({
        ...this.key(psd, license),
        psd,
        license,
        suite: 'ecdsa-p256-sha256',
        ...ALWAYS_VALID,
        compromisedFromMs: null,
      })),
      licenses: this.licenses.map((license) => ({
        license,
        holder: 'Holder',
        town: TOWN.name,
        depositPostcode: TOWN.depositPostcode,
        psdLimit: psds,
        ...ALWAYS_VALID,
      })),
      grants: pairs.map(({ psd, license }) => ({ license, psd, grantedAtMs: 0, endedAtMs: null })),
      psds: this.psds.map((psd) => ({ psd: psd.name, user: 'Holder' })),
      funds: pairs.map(({ psd, license }, index) => ({
        license,
        psd,
        refill: index + 1,
        amountMills: FUNDS_MILLS,
        paidAtMs: 0,
      })),
      refunds: [],
      rates: [],
      plants: [],
      withdrawals: [],
    };
  }

  get registry(): Registry {
    return packed(this.records);
  }

  key(psd: string, license: number): { keyId: number; spki: Buffer } {
    const { keyId, pair } = this.#set(psd, license);
    return { keyId, spki: pair.spki };
  }

  /** Any contents, signed with the key that a PSD has for a license. */
  signed(psd: string, license: number, fields: MarkFields): Buffer {
    return this.signedBytes(psd, license, encodeSigned(fields));
  }

  signedBytes(psd: string, license: number, contents: Buffer): Buffer {
    return encodeMark(contents, 1, this.#set(psd, license).pair.privateKey.sign(contents));
  }

  /** A genuine mark. */
  frank(psd = 0, license = 0, postageMills = 730n, printedAtMs = PRINTED_AT_MS): Buffer {
    const device = this.psds[psd];
    const number = this.licenses[license];
    if (device === undefined || number === undefined) throw new RangeError('outside the small world');
    const set = this.#set(device.name, number);
    set.pieceCount += 1n;
    set.ascendingMills += postageMills;
    const signed = encodeSigned({
      suite: 1,
      keyId: set.keyId,
      license: number,
      manufacturer: device.manufacturer,
      model: device.model,
      serial: device.serial,
      epoch: 0,
      pieceCount: set.pieceCount,
      ascendingMills: set.ascendingMills,
      descendingMills: BigInt(FUNDS_MILLS) - set.ascendingMills,
      postageMills,
      rateCategory: 101,
      printedAtSeconds: Math.floor(printedAtMs / 1000),
      depositPostcode: TOWN.depositPostcode,
      destinationPostcode: '06443123456',
    });
    return encodeMark(signed, 1, set.pair.privateKey.sign(signed));
  }

  /** Signs everything that it is given, as a key does that somebody took out of its device. */
  signWithKeyOf(psd: number, license: number, signed: Buffer): Buffer {
    const set = this.#set(this.psds[psd]?.name ?? '', this.licenses[license] ?? 0);
    return set.pair.privateKey.sign(signed);
  }

  #set(psd: string, license: number): SmallSet {
    const set = this.#sets.get(`${psd} ${license}`);
    if (set === undefined) throw new RangeError(`no register set for ${psd} and ${license}`);
    return set;
  }
}
