import fc from 'fast-check';
import type { FieldKindName } from '../../indicium/profiles/field-kinds.ts';
import type { Length, MarkField, Profile } from '../../indicium/profiles/profile.ts';

/** Bytes of one field, and what must be shown of them: for each suffix of its name a value. */
interface Written {
  readonly bytes: Buffer;
  readonly shown: Readonly<Record<string, string | number>>;
}

export interface WrittenMark {
  readonly bytes: Buffer;
  readonly shown: Readonly<Record<string, string | number>>;
}

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_OF = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Any day of 2000 to 2099, by a calendar of its own. */
const day = fc
  .record({ yy: fc.nat(99), month: fc.integer({ min: 1, max: 12 }), dayOf: fc.nat(1_000) })
  .map(({ yy, month, dayOf }) => {
    const isLeap = yy % 4 === 0;
    const days = (DAYS_OF[month - 1] ?? 0) + (isLeap && month === 2 ? 1 : 0);
    const dayOfMonth = 1 + (dayOf % days);
    const ordinal = (DAYS_BEFORE[month - 1] ?? 0) + (isLeap && month > 2 ? 1 : 0) + dayOfMonth;
    return { yy, month, dayOfMonth, ordinal, iso: `20${two(yy)}-${two(month)}-${two(dayOfMonth)}` };
  });

function two(number: number): string {
  return `${number < 10 ? '0' : ''}${number}`;
}

function bigEndian(value: bigint, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, place) => Number((value >> BigInt(8 * (length - 1 - place))) & 255n)));
}

function littleEndian(value: bigint, length: number): Buffer {
  return Buffer.from([...bigEndian(value, length)].reverse());
}

function uint(length: number): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 0n, max: 2n ** BigInt(8 * length) - 1n });
}

function text(length: number, characters: readonly string[] = PRINTABLE): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...characters), { minLength: length, maxLength: length })
    .map((chosen) => chosen.join(''));
}

/** Cents or mills as money, by cutting the digits: never more than three after the point, never fewer than two. */
function money(units: bigint, decimals: number, currency: string): string {
  const digits = units.toString().padStart(decimals + 1, '0');
  const shown = `${digits.slice(0, digits.length - decimals)}.${digits.slice(digits.length - decimals)}`;
  return `${decimals === 3 && shown.endsWith('0') ? shown.slice(0, -1) : shown} ${currency}`;
}

function bytesOf(length: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
}

function upperHex(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
}

type Writer = (length: number) => fc.Arbitrary<Written>;

const asText = (value: string): Written => ({ bytes: Buffer.from(value, 'latin1'), shown: { '': value.trimEnd() } });

/** Writes each kind of field as docs/MARKS.md says it, without the code that reads it. */
const WRITERS: Record<FieldKindName, Writer> = {
  'big-endian': (length) =>
    uint(length).map((value) => ({ bytes: bigEndian(value, length), shown: { '': Number(value) } })),
  'big-endian-hex': (length) =>
    uint(length).map((value) => {
      const bytes = bigEndian(value, length);
      return { bytes, shown: { '': Number(value), Hex: upperHex(bytes) } };
    }),
  'little-endian': (length) =>
    uint(length).map((value) => ({ bytes: littleEndian(value, length), shown: { '': Number(value) } })),
  'little-endian-hex': (length) =>
    uint(length).map((value) => ({
      bytes: littleEndian(value, length),
      shown: { '': Number(value), Hex: upperHex(bigEndian(value, length)) },
    })),
  bcd: (length) =>
    fc.nat(10 ** (2 * length) - 1).map((value) => ({
      bytes: Buffer.from(String(value).padStart(2 * length, '0'), 'hex'),
      shown: { '': value },
    })),
  zip: (length) =>
    fc.bigInt({ min: 0n, max: 99_999n }).map((value) => ({
      bytes: littleEndian(value, length),
      shown: { '': value === 0n ? '0' : `0000${value}`.slice(-5) },
    })),
  ascii: (length) => text(length).map(asText),
  hex: (length) => bytesOf(length).map((bytes) => ({ bytes, shown: { '': upperHex(bytes).toLowerCase() } })),
  'hex-id': (length) => bytesOf(length).map((bytes) => ({ bytes, shown: { '': upperHex(bytes) } })),
  'euro-cents': (length) =>
    uint(length).map((value) => ({
      bytes: bigEndian(value, length),
      shown: { '': money(value, 2, 'EUR'), Cents: Number(value) },
    })),
  'dollar-mills': (length) =>
    uint(length).map((value) => ({
      bytes: littleEndian(value, length),
      shown: { '': money(value, 3, 'USD'), Mills: Number(value) },
    })),
  'pound-pence': (length) =>
    fc.nat(10 ** length - 1).map((value) => ({
      bytes: Buffer.from(String(value).padStart(length, '0'), 'latin1'),
      shown: { '': money(BigInt(value), 2, 'GBP'), Pence: value },
    })),
  'day-and-year': (length) =>
    day.map(({ ordinal, yy, iso }) => ({ bytes: bigEndian(BigInt(ordinal * 100 + yy), length), shown: { '': iso } })),
  'decimal-date': (length) =>
    day
      .filter(({ yy }) => yy <= 25)
      .map(({ iso }) => ({
        bytes: littleEndian(BigInt(iso.replaceAll('-', '')), length),
        shown: { '': iso },
      })),
  ddmmyy: () =>
    day.map(({ dayOfMonth, month, yy, iso }) => ({
      bytes: Buffer.from(`${two(dayOfMonth)}${two(month)}${two(yy)}`, 'latin1'),
      shown: { '': iso },
    })),
  // Letters alone, so that they are one text; digits in front of zeros; or nothing.
  data: (length) =>
    fc
      .nat(length)
      .chain((letters) => text(letters, ['A', 'b', '7']))
      .map((value) => {
        const bytes = Buffer.alloc(length);
        bytes.write(value, 'latin1');
        return { bytes, shown: value === '' ? {} : { '': upperHex(bytes).toLowerCase(), Text: value } };
      }),
  padding: (length) => fc.constantFrom(0, 0x20).map((byte) => ({ bytes: Buffer.alloc(length, byte), shown: {} })),
};

/** What the layouts ask of a field beside its kind: without it the bytes are another mark. */
const NARROWER: Readonly<Record<string, Readonly<Record<string, Writer>>>> = {
  'mailmark-2d': {
    informationType: (length) => text(length, ['0', 'A', 'B', 'C']).map(asText),
    supplyChain: (length) => text(length, [...'0123456789']).map(asText),
    item: (length) => text(length, [...'0123456789']).map(asText),
  },
  'usps-ibi': {
    manufacturer: (length) => text(length, [...'0123456789AZ']).map(asText),
    model: (length) => text(length, [...'0123456789AZ']).map(asText),
  },
  'usps-ibi-lite': {
    postage: (length) =>
      fc.bigInt({ min: 0n, max: 999_999n }).map((value) => ({
        bytes: littleEndian(value, length),
        shown: { '': money(value, 3, 'USD'), Mills: Number(value) },
      })),
  },
};

/** Any length that a profile has, but not much longer than its fields where it has no bound of its own. */
export function lengthOf({ lengths }: Profile): fc.Arbitrary<number> {
  const some = (length: Length) =>
    typeof length === 'number' ? fc.constant(length) : fc.integer({ min: length[0], max: Math.min(length[1], 150) });
  return fc.oneof(...lengths.map(some));
}

/** A mark of a profile with the values it holds, field by field from its table. */
export function markOf(profile: Profile): fc.Arbitrary<WrittenMark> {
  return lengthOf(profile).chain((length) =>
    fc
      .tuple(...Object.entries(profile.fields).map(([name, field]) => writtenField(profile, name, field, length)))
      .map((fields) => ({
        bytes: Buffer.concat(fields.map(({ bytes }) => bytes)),
        shown: Object.assign({}, ...fields.map(({ shown }) => shown)),
      })),
  );
}

function writtenField(profile: Profile, name: string, field: MarkField, length: number): fc.Arbitrary<Written> {
  const bytes = field.bytes === 'rest' ? length - field.offset : field.bytes;
  if (bytes === 0) return fc.constant({ bytes: Buffer.alloc(0), shown: {} });
  const fixed = profile.prefix.subarray(field.offset, field.offset + bytes);
  const write = NARROWER[profile.name]?.[name] ?? WRITERS[field.kind];
  const written =
    fixed.length < bytes
      ? write(bytes)
      : fc.constant(field.kind === 'ascii' ? asText(Buffer.from(fixed).toString('latin1')) : numberOf(fixed));
  return written.map((value) => ({
    bytes: value.bytes,
    shown: Object.fromEntries(Object.entries(value.shown).map(([suffix, shown]) => [`${name}${suffix}`, shown])),
  }));
}

function numberOf(fixed: Uint8Array): Written {
  return { bytes: Buffer.from(fixed), shown: { '': Number(`0x${upperHex(Buffer.from(fixed))}`) } };
}
