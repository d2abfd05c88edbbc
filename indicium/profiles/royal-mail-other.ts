import { SCAN_PAYLOAD_BYTES_MAX } from '../limits.ts';
import type { Profile } from './profile.ts';
import { HEAD_FIELDS, ROYAL_MAIL, ROYAL_MAIL_PREFIX } from './royal-mail.ts';

/** Every mark that says `JGB ` and has no profile of its own. */
export const ROYAL_MAIL_OTHER: Profile = {
  name: 'royal-mail-other',
  post: ROYAL_MAIL,
  kind: 'any other kind or length',
  kindOf: (bytes) => (bytes.readUInt8(4) === 0x53 ? 'stamp of another length' : 'other mark'),
  prefix: ROYAL_MAIL_PREFIX,
  lengths: [[5, SCAN_PAYLOAD_BYTES_MAX]],
  evidence: 'none',
  isUnconfirmed: true,
  fields: {
    ...HEAD_FIELDS,
    content: { offset: 5, bytes: 'rest', kind: 'data', meaning: 'not public' },
  },
};
