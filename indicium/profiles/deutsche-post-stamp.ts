import { dateOfDayAndYear } from './calendar.ts';
import { crc4 } from './crc4.ts';
import { DEUTSCHE_POST, HEAD_FIELDS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

const PRODUCTS: Readonly<Record<number, string>> = {
  3: 'gummed',
  4: 'self-adhesive',
  10: 'definitive',
  27: 'printed stationery',
};
const PRINTERS: Readonly<Record<number, string>> = { 1: 'Bundesdruckerei' };
/** The first stamps with a code were sold on 2021-02-04. */
const FIRST_DAY = '2021-01-01';

const FIELDS = {
  ...HEAD_FIELDS,
  runningNumber: { offset: 4, bytes: 5, kind: 'big-endian-hex', meaning: 'running number of the stamp' },
  numberRange: { offset: 9, bytes: 5, kind: 'hex-id', meaning: 'number range' },
  motif: { offset: 14, bytes: 1, kind: 'big-endian', meaning: 'motif' },
  printer: { offset: 15, bytes: 1, kind: 'big-endian', meaning: 'printer' },
  product: { offset: 16, bytes: 1, kind: 'big-endian', meaning: 'product' },
  byte17: { offset: 17, bytes: 1, kind: 'hex', meaning: '25, and 17 on a test print', isUnconfirmed: true },
  rangeCrypto: { offset: 18, bytes: 16, kind: 'hex', meaning: 'cryptographic string of the number range' },
  itemCrypto: { offset: 34, bytes: 4, kind: 'hex', meaning: 'cryptographic check of the stamp' },
  issueDate: { offset: 38, bytes: 2, kind: 'day-and-year', meaning: 'date of issue' },
  value: { offset: 40, bytes: 2, kind: 'euro-cents', meaning: 'value' },
  padding: { offset: 42, bytes: 5, kind: 'padding', meaning: 'zero' },
} as const;

export const DEUTSCHE_POST_STAMP: Profile = {
  name: 'deutsche-post-stamp',
  post: DEUTSCHE_POST,
  kind: 'stamp',
  prefix: prefixOfKind(53),
  lengths: [47],
  evidence: 'seven published dumps of stamps since 2021',
  fields: FIELDS,
  derived: {
    productName: {
      meaning: 'product in words, where it is known here',
      of: (bytes) => PRODUCTS[bytes.readUInt8(FIELDS.product.offset)] ?? null,
    },
    printerName: {
      meaning: 'printer in words, where it is known here',
      of: (bytes) => PRINTERS[bytes.readUInt8(FIELDS.printer.offset)] ?? null,
      isUnconfirmed: true,
    },
    trackingId: {
      meaning: 'tracking id as it is printed: number range, last 9 hex digits of the running number, check digit',
      of: (bytes) => trackingDigits(bytes) + crc4(trackingDigits(bytes)),
    },
    checkDigit: { meaning: 'last digit of the tracking id, computed', of: (bytes) => crc4(trackingDigits(bytes)) },
    remark: {
      meaning: 'whether the date of issue lies before the first stamps that were sold',
      of: (bytes) =>
        dateOfDayAndYear(bytes.readUInt16BE(FIELDS.issueDate.offset)) < FIRST_DAY
          ? 'test stamp: dated before 2021'
          : null,
      isUnconfirmed: true,
    },
  },
};

function trackingDigits(bytes: Buffer): string {
  const { numberRange, runningNumber } = FIELDS;
  const range = bytes.toString('hex', numberRange.offset, numberRange.offset + numberRange.bytes);
  const number = bytes.toString('hex', runningNumber.offset, runningNumber.offset + runningNumber.bytes);
  return `${range}${number.slice(-9)}`.toUpperCase();
}
