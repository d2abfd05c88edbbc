import type { Profile } from './profile.ts';
import { ROYAL_MAIL, STAMP_FIELDS, STAMP_PREFIX, STAMP_PRODUCT } from './royal-mail.ts';

export const ROYAL_MAIL_STAMP: Profile = {
  name: 'royal-mail-stamp',
  post: ROYAL_MAIL,
  kind: 'stamp',
  prefix: STAMP_PREFIX,
  lengths: [70],
  evidence: 'five published read-outs; what version, kind, product and source are is what collectors make of them',
  fields: {
    ...STAMP_FIELDS,
    padding: { offset: 37, bytes: 15, kind: 'padding', meaning: 'spaces' },
    check: { offset: 52, bytes: 16, kind: 'ascii', meaning: 'cryptographic check, hex digits' },
    checkVersion: { offset: 68, bytes: 2, kind: 'ascii', meaning: 'maybe the key of the check', isUnconfirmed: true },
  },
  derived: STAMP_PRODUCT,
};
