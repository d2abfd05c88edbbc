import { SCAN_PAYLOAD_BYTES_MAX } from '../limits.ts';
import { DEUTSCHE_POST, HEAD_FIELDS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

export const DEUTSCHE_POST_INTERNETMARKE: Profile = {
  name: 'deutsche-post-internetmarke',
  post: DEUTSCHE_POST,
  kind: 'Internetmarke',
  prefix: prefixOfKind(133),
  lengths: [[16, SCAN_PAYLOAD_BYTES_MAX]],
  evidence: 'what two public decoders do; no dump',
  isUnconfirmed: true,
  fields: {
    ...HEAD_FIELDS,
    runningNumber: { offset: 4, bytes: 5, kind: 'big-endian-hex', meaning: 'running number' },
    customer: { offset: 9, bytes: 5, kind: 'big-endian', meaning: 'customer number' },
    product: { offset: 14, bytes: 2, kind: 'big-endian', meaning: 'product' },
    rest: { offset: 16, bytes: 'rest', kind: 'data', meaning: 'not public' },
  },
};
