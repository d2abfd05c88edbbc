import { SCAN_PAYLOAD_BYTES_MAX } from '../limits.ts';
import type { Profile } from './profile.ts';
import { HEAD_FIELDS, ROYAL_MAIL, ROYAL_MAIL_PREFIX } from './royal-mail.ts';

const FIELDS = {
  ...HEAD_FIELDS,
  version: { offset: 5, bytes: 1, kind: 'ascii', meaning: 'version' },
  class: { offset: 6, bytes: 1, kind: 'ascii', meaning: 'class' },
  supplyChain: { offset: 7, bytes: 7, kind: 'ascii', meaning: 'supply chain, decimal' },
  item: { offset: 14, bytes: 8, kind: 'ascii', meaning: 'item, decimal; unique for at least 90 days' },
  postcodeAndDps: { offset: 22, bytes: 9, kind: 'ascii', meaning: 'postcode and delivery point suffix' },
  service: { offset: 31, bytes: 1, kind: 'ascii', meaning: 'service' },
  returnPostcode: { offset: 32, bytes: 7, kind: 'ascii', meaning: 'return postcode' },
  reserved: { offset: 39, bytes: 6, kind: 'padding', meaning: 'reserved' },
  customerData: { offset: 45, bytes: 'rest', kind: 'data', meaning: 'what the customer wishes' },
} as const;

export const MAILMARK_2D: Profile = {
  name: 'mailmark-2d',
  post: ROYAL_MAIL,
  kind: 'Mailmark',
  prefix: ROYAL_MAIL_PREFIX,
  lengths: [[45, SCAN_PAYLOAD_BYTES_MAX]],
  // A stamp, type S, of a length that is not known has its numbers elsewhere.
  fits: (bytes) => /^JGB [0-9A-RT-Z][ -~]{2}\d{15}$/.test(bytes.toString('latin1', 0, FIELDS.postcodeAndDps.offset)),
  evidence: "the post's definition and published dumps",
  fields: FIELDS,
};
