import { SCAN_PAYLOAD_BYTES_MAX } from '../limits.ts';
import { DEUTSCHE_POST, DEUTSCHE_POST_PREFIX, HEAD_FIELDS } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

/** Names of kinds, whose layout is not public or is another at this length. */
export const DEUTSCHE_POST_KINDS: Readonly<Record<number, string>> = {
  1: 'Stampit',
  3: 'FRANKIT',
  8: 'Premiumadress',
  9: 'Pressepost',
  18: 'DV-Freimachung',
  25: 'Pressepost',
  26: 'Pressepost',
  28: 'Premiumadress label',
  48: 'Plusbrief',
  53: 'stamp',
  66: 'Plusbrief',
  69: 'Frankierservice',
  102: 'registered label',
  133: 'Internetmarke',
};

/** Every mark that says `DEA` and has no profile of its own. */
export const DEUTSCHE_POST_OTHER: Profile = {
  name: 'deutsche-post-other',
  post: DEUTSCHE_POST,
  kind: 'any other kind or length',
  kindOf: (bytes) => DEUTSCHE_POST_KINDS[bytes.readUInt8(3)] ?? `kind ${bytes.readUInt8(3)}`,
  prefix: DEUTSCHE_POST_PREFIX,
  lengths: [[4, SCAN_PAYLOAD_BYTES_MAX]],
  evidence: 'names of kinds in two public decoders; no dump',
  isUnconfirmed: true,
  fields: {
    ...HEAD_FIELDS,
    content: { offset: 4, bytes: 'rest', kind: 'data', meaning: 'not public' },
  },
};
