import { formatAmount } from './amount.ts';
import { dateOfDayAndYear, dateOfDayMonthYear, dateOfDecimal } from './calendar.ts';
import { isBlank, isPrintableAscii, textWithin } from './printable-ascii.ts';

/** How the bytes of a field are read and shown. Every kind takes any bytes. */
export interface FieldKind {
  readonly says: string;
  /** What is added to the field's name for each shown value. */
  readonly suffixes: readonly string[];
  /** A value for each suffix; null where there is nothing to show. */
  readonly read: (bytes: Buffer) => readonly (string | number | null)[];
}

const be = (bytes: Buffer): number => bytes.readUIntBE(0, bytes.length);
const le = (bytes: Buffer): number => bytes.readUIntLE(0, bytes.length);
const hex = (bytes: Buffer): string => bytes.toString('hex');
const ascii = (bytes: Buffer): string =>
  isPrintableAscii(bytes) ? bytes.toString('latin1').trimEnd() : `0x${hex(bytes)}`;

export const FIELD_KINDS = {
  'big-endian': { says: 'unsigned, big-endian', suffixes: [''], read: (bytes) => [be(bytes)] },
  'big-endian-hex': {
    says: 'unsigned, big-endian; also as hex',
    suffixes: ['', 'Hex'],
    read: (bytes) => [be(bytes), hex(bytes).toUpperCase()],
  },
  'little-endian': { says: 'unsigned, little-endian', suffixes: [''], read: (bytes) => [le(bytes)] },
  'little-endian-hex': {
    says: 'unsigned, little-endian; also as hex',
    suffixes: ['', 'Hex'],
    read: (bytes) => [
      le(bytes),
      le(bytes)
        .toString(16)
        .padStart(bytes.length * 2, '0')
        .toUpperCase(),
    ],
  },
  bcd: {
    says: 'two decimal digits a byte',
    suffixes: [''],
    read: (bytes) => [/^\d+$/.test(hex(bytes)) ? Number(hex(bytes)) : `0x${hex(bytes)}`],
  },
  zip: {
    says: 'ZIP code as a number, little-endian; 0 for none',
    suffixes: [''],
    read: (bytes) => [le(bytes) === 0 ? '0' : String(le(bytes)).padStart(5, '0')],
  },
  ascii: { says: 'ASCII; hex where it is not', suffixes: [''], read: (bytes) => [ascii(bytes)] },
  hex: { says: 'bytes, as hex', suffixes: [''], read: (bytes) => [hex(bytes)] },
  'hex-id': { says: 'number that is written as hex', suffixes: [''], read: (bytes) => [hex(bytes).toUpperCase()] },
  'euro-cents': {
    says: 'cents, big-endian',
    suffixes: ['', 'Cents'],
    read: (bytes) => [formatAmount(be(bytes), 2, 'EUR'), be(bytes)],
  },
  'dollar-mills': {
    says: 'thousandths of a dollar, little-endian',
    suffixes: ['', 'Mills'],
    read: (bytes) => [formatAmount(le(bytes), 3, 'USD'), le(bytes)],
  },
  'pound-pence': {
    says: 'pence, decimal ASCII',
    suffixes: ['', 'Pence'],
    read: (bytes) => {
      const text = ascii(bytes);
      return /^\d+$/.test(text) ? [formatAmount(Number(text), 2, 'GBP'), Number(text)] : [text, null];
    },
  },
  'day-and-year': {
    says: 'day of the year × 100 + year, big-endian; 20yy',
    suffixes: [''],
    read: (bytes) => [dateOfDayAndYear(be(bytes))],
  },
  'decimal-date': { says: 'YYYYMMDD, little-endian', suffixes: [''], read: (bytes) => [dateOfDecimal(le(bytes))] },
  ddmmyy: {
    says: 'DDMMYY, ASCII; 20yy',
    suffixes: [''],
    read: (bytes) => [dateOfDayMonthYear(ascii(bytes)) ?? ascii(bytes)],
  },
  data: {
    says: 'any bytes, as hex, with the text in them; left out where blank',
    suffixes: ['', 'Text'],
    read: (bytes) => (isBlank(bytes) ? [null, null] : [hex(bytes), textWithin(bytes)]),
  },
  padding: {
    says: 'zeros or spaces; as hex where it is not',
    suffixes: [''],
    read: (bytes) => [isBlank(bytes) ? null : hex(bytes)],
  },
} as const satisfies Record<string, FieldKind>;

export type FieldKindName = keyof typeof FIELD_KINDS;
