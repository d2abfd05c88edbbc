import { dateOfDecimal } from './calendar.ts';
import type { Profile } from './profile.ts';

const FIELDS = {
  version: { offset: 0, bytes: 1, kind: 'little-endian', meaning: 'version' },
  algorithm: { offset: 1, bytes: 1, kind: 'little-endian', meaning: 'signature algorithm' },
  certificateSerial: { offset: 2, bytes: 4, kind: 'little-endian', meaning: 'serial of the certificate' },
  manufacturer: { offset: 6, bytes: 2, kind: 'ascii', meaning: 'manufacturer of the PSD' },
  model: { offset: 8, bytes: 2, kind: 'ascii', meaning: 'model of the PSD' },
  psdSerial: { offset: 10, bytes: 4, kind: 'little-endian', meaning: 'serial of the PSD' },
  ascending: { offset: 14, bytes: 5, kind: 'dollar-mills', meaning: 'ascending register' },
  postage: { offset: 19, bytes: 3, kind: 'dollar-mills', meaning: 'postage' },
  date: { offset: 22, bytes: 4, kind: 'decimal-date', meaning: 'date of franking' },
  originZip: { offset: 26, bytes: 4, kind: 'zip', meaning: 'ZIP code of deposit' },
  destinationZip: { offset: 30, bytes: 5, kind: 'zip', meaning: 'ZIP, ZIP+4 or delivery point (11 digits)' },
  softwareId: { offset: 35, bytes: 6, kind: 'hex', meaning: 'software id' },
  descending: { offset: 41, bytes: 4, kind: 'dollar-mills', meaning: 'descending register' },
  rateCategory: { offset: 45, bytes: 4, kind: 'ascii', meaning: 'rate category, ASCII or binary' },
  rest: {
    offset: 49,
    bytes: 'rest',
    kind: 'hex',
    meaning: 'signature, maybe 40 bytes of DSA, and what follows',
    isUnconfirmed: true,
  },
} as const;

/** Decertified 2024-06-30. Offsets 0 to 44 agree with two published dumps. */
export const USPS_IBI: Profile = {
  name: 'usps-ibi',
  post: 'United States Postal Service',
  kind: 'IBI',
  prefix: Buffer.alloc(0),
  lengths: [[49, 112]],
  // No version is known for certain, so that only its contents tell such a mark.
  fits: (bytes) =>
    /^\d{4}-/.test(dateOfDecimal(bytes.readUInt32LE(FIELDS.date.offset))) &&
    isYearOfIbi(Math.floor(bytes.readUInt32LE(FIELDS.date.offset) / 10_000)) &&
    bytes.readUInt32LE(FIELDS.originZip.offset) <= 99_999 &&
    /^[0-9A-Z]{4}$/.test(bytes.toString('latin1', FIELDS.manufacturer.offset, FIELDS.psdSerial.offset)),
  evidence: 'offsets 0 to 44 agree with two published dumps',
  fields: FIELDS,
  derived: {
    meter: {
      meaning: 'manufacturer, model and serial in one, as printed',
      of: (bytes) =>
        bytes.toString('latin1', FIELDS.manufacturer.offset, FIELDS.psdSerial.offset) +
        bytes.readUInt32LE(FIELDS.psdSerial.offset),
    },
  },
};

/** From the first specification to the year in which the last became invalid. */
function isYearOfIbi(year: number): boolean {
  return year >= 1996 && year <= 2025;
}
