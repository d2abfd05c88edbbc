import { DEUTSCHE_POST, DV_FIELDS, DV_LENGTHS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

export const DEUTSCHE_POST_PREMIUMADRESS: Profile = {
  name: 'deutsche-post-premiumadress',
  post: DEUTSCHE_POST,
  kind: 'Premiumadress',
  prefix: prefixOfKind(8),
  lengths: DV_LENGTHS,
  evidence: 'published dumps',
  fields: DV_FIELDS,
};
