import { SCAN_PAYLOAD_BYTES_MAX } from '../limits.ts';
import { DEUTSCHE_POST, HEAD_FIELDS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

export const DEUTSCHE_POST_FRANKIT: Profile = {
  name: 'deutsche-post-frankit',
  post: DEUTSCHE_POST,
  kind: 'FRANKIT',
  prefix: prefixOfKind(3),
  lengths: [[16, SCAN_PAYLOAD_BYTES_MAX]],
  evidence: 'what two public decoders do; no dump',
  isUnconfirmed: true,
  fields: {
    ...HEAD_FIELDS,
    priceList: { offset: 4, bytes: 1, kind: 'big-endian', meaning: 'list of products and prices' },
    machine: { offset: 5, bytes: 5, kind: 'hex-id', meaning: 'franking machine' },
    value: { offset: 10, bytes: 2, kind: 'euro-cents', meaning: 'postage' },
    date: { offset: 12, bytes: 2, kind: 'day-and-year', meaning: 'date of franking' },
    product: { offset: 14, bytes: 2, kind: 'big-endian', meaning: 'product' },
    rest: { offset: 16, bytes: 'rest', kind: 'data', meaning: 'not public' },
  },
};
