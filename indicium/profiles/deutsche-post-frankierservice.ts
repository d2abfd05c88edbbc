import { DEUTSCHE_POST, HEAD_FIELDS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

/** A letter center has the first two digits of the postcodes that it serves; named are those that public dumps come from. */
const LETTER_CENTERS: Readonly<Record<number, string>> = { 49: 'Osnabrück', 54: 'Trier' };

export const DEUTSCHE_POST_FRANKIERSERVICE: Profile = {
  name: 'deutsche-post-frankierservice',
  post: DEUTSCHE_POST,
  kind: 'Frankierservice',
  prefix: prefixOfKind(69),
  lengths: [42],
  evidence: 'six published dumps',
  fields: {
    ...HEAD_FIELDS,
    priceList: { offset: 4, bytes: 1, kind: 'big-endian', meaning: 'list of products and prices' },
    devicePrefix: { offset: 5, bytes: 3, kind: 'hex-id', meaning: 'FF9900 in front of the number of the device' },
    device: { offset: 8, bytes: 2, kind: 'bcd', meaning: 'number of the franking device' },
    letterCenter: { offset: 10, bytes: 1, kind: 'big-endian', meaning: 'letter center' },
    date: { offset: 11, bytes: 2, kind: 'day-and-year', meaning: 'date of franking' },
    product: { offset: 13, bytes: 2, kind: 'big-endian', meaning: 'product' },
    runningNumber: { offset: 15, bytes: 4, kind: 'big-endian', meaning: 'running number of the piece' },
    padding: { offset: 19, bytes: 23, kind: 'padding', meaning: 'zero' },
  },
  derived: {
    letterCenterName: {
      meaning: 'town of the letter center, where it is known here',
      of: (bytes) => LETTER_CENTERS[bytes.readUInt8(10)] ?? null,
    },
  },
};
