import { DEUTSCHE_POST_DV } from './deutsche-post-dv.ts';
import { DEUTSCHE_POST_FRANKIERSERVICE } from './deutsche-post-frankierservice.ts';
import { DEUTSCHE_POST_FRANKIT } from './deutsche-post-frankit.ts';
import { DEUTSCHE_POST_INTERNETMARKE } from './deutsche-post-internetmarke.ts';
import { DEUTSCHE_POST_OTHER } from './deutsche-post-other.ts';
import { DEUTSCHE_POST_PREMIUMADRESS } from './deutsche-post-premiumadress.ts';
import { DEUTSCHE_POST_PREMIUMADRESS_LABEL } from './deutsche-post-premiumadress-label.ts';
import { DEUTSCHE_POST_REGISTERED } from './deutsche-post-registered.ts';
import { DEUTSCHE_POST_STAMP } from './deutsche-post-stamp.ts';
import { MAILMARK_2D } from './mailmark-2d.ts';
import type { Profile } from './profile.ts';
import { ROYAL_MAIL_OTHER } from './royal-mail-other.ts';
import { ROYAL_MAIL_STAMP } from './royal-mail-stamp.ts';
import { ROYAL_MAIL_STAMP_PILOT } from './royal-mail-stamp-pilot.ts';
import { USPS_IBI } from './usps-ibi.ts';
import { USPS_IBI_LITE } from './usps-ibi-lite.ts';

/** All of them; the first that fits is the one. Those that take what a post's other profiles leave come after these. */
export const PROFILES: readonly Profile[] = [
  DEUTSCHE_POST_DV,
  DEUTSCHE_POST_PREMIUMADRESS,
  DEUTSCHE_POST_PREMIUMADRESS_LABEL,
  DEUTSCHE_POST_STAMP,
  DEUTSCHE_POST_FRANKIERSERVICE,
  DEUTSCHE_POST_REGISTERED,
  DEUTSCHE_POST_FRANKIT,
  DEUTSCHE_POST_INTERNETMARKE,
  DEUTSCHE_POST_OTHER,
  ROYAL_MAIL_STAMP,
  ROYAL_MAIL_STAMP_PILOT,
  MAILMARK_2D,
  ROYAL_MAIL_OTHER,
  USPS_IBI,
  USPS_IBI_LITE,
];
