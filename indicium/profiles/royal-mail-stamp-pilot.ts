import type { Profile } from './profile.ts';
import { ROYAL_MAIL, STAMP_FIELDS, STAMP_PREFIX, STAMP_PRODUCT } from './royal-mail.ts';

/** 55 characters are those of later stamps without the 15 spaces. */
export const ROYAL_MAIL_STAMP_PILOT: Profile = {
  name: 'royal-mail-stamp-pilot',
  post: ROYAL_MAIL,
  kind: 'stamp of the 2021 pilot',
  prefix: STAMP_PREFIX,
  lengths: [55],
  evidence: 'its length alone, which is that of later stamps without their 15 spaces; no dump',
  isUnconfirmed: true,
  fields: {
    ...STAMP_FIELDS,
    check: { offset: 37, bytes: 16, kind: 'ascii', meaning: 'cryptographic check, hex digits' },
    checkVersion: { offset: 53, bytes: 2, kind: 'ascii', meaning: 'maybe the key of the check' },
  },
  derived: STAMP_PRODUCT,
};
