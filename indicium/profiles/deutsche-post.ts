import type { MarkField } from './profile.ts';

/** What all marks of Deutsche Post have in common: big-endian, `DEA` in front, then the kind of franking. */
export const DEUTSCHE_POST = 'Deutsche Post';
export const DEUTSCHE_POST_PREFIX = Buffer.from('DEA', 'latin1');

export function prefixOfKind(kind: number): Uint8Array {
  return Buffer.concat([DEUTSCHE_POST_PREFIX, Buffer.of(kind)]);
}

export const HEAD_FIELDS = {
  operator: { offset: 0, bytes: 3, kind: 'ascii', meaning: 'DEA: Germany, Deutsche Post' },
  type: { offset: 3, bytes: 1, kind: 'big-endian', meaning: 'kind of franking' },
} as const satisfies Record<string, MarkField>;

/** Of DV-Freimachung and Premiumadress, and of no other kind. */
export const DV_FIELDS = {
  ...HEAD_FIELDS,
  priceList: { offset: 4, bytes: 1, kind: 'big-endian', meaning: 'list of products and prices' },
  customer: { offset: 5, bytes: 5, kind: 'big-endian', meaning: 'customer number' },
  value: { offset: 10, bytes: 2, kind: 'euro-cents', meaning: 'postage' },
  date: { offset: 12, bytes: 2, kind: 'day-and-year', meaning: 'date of posting' },
  product: { offset: 14, bytes: 2, kind: 'big-endian', meaning: 'product' },
  item: { offset: 16, bytes: 3, kind: 'big-endian', meaning: 'running number of the item' },
  subscription: { offset: 19, bytes: 1, kind: 'big-endian', meaning: 'participation number' },
  postingCertificate: { offset: 20, bytes: 2, kind: 'big-endian', meaning: 'number of the posting certificate' },
  eds: { offset: 22, bytes: 1, kind: 'big-endian', meaning: 'announces what the customer data is' },
  customerData: { offset: 23, bytes: 'rest', kind: 'data', meaning: 'what the customer wishes' },
} as const satisfies Record<string, MarkField>;

/** Symbols of 22 × 22 and 26 × 26 modules. */
export const DV_LENGTHS = [28, 42];
