import { DEUTSCHE_POST, HEAD_FIELDS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

export const DEUTSCHE_POST_PREMIUMADRESS_LABEL: Profile = {
  name: 'deutsche-post-premiumadress-label',
  post: DEUTSCHE_POST,
  kind: 'Premiumadress label',
  prefix: prefixOfKind(28),
  lengths: [15],
  evidence: 'one published dump',
  fields: {
    ...HEAD_FIELDS,
    customer: { offset: 4, bytes: 5, kind: 'big-endian', meaning: 'customer number' },
    product: { offset: 9, bytes: 2, kind: 'big-endian', meaning: 'product' },
    date: { offset: 11, bytes: 2, kind: 'day-and-year', meaning: 'date' },
    id: { offset: 13, bytes: 2, kind: 'big-endian', meaning: 'number that the customer steers his mailings by' },
  },
};
