import { crc4 } from './crc4.ts';
import { DEUTSCHE_POST, DV_FIELDS, DV_LENGTHS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

/** Beyond these eight decimal digits there are no customers, and seven hex digits hold no more. */
const CUSTOMER_DIGITS_MAX = 99_999_999;

export const DEUTSCHE_POST_DV: Profile = {
  name: 'deutsche-post-dv',
  post: DEUTSCHE_POST,
  kind: 'DV-Freimachung',
  prefix: prefixOfKind(18),
  lengths: DV_LENGTHS,
  evidence: 'published dumps; the franking id and its check digit agree with printed ones',
  fields: DV_FIELDS,
  derived: {
    frankingId: {
      meaning: 'franking id as it is printed: participation, customer, posting certificate, item, check digit',
      of: (bytes) => withCheckDigit(frankingDigits(bytes)),
    },
    checkDigit: {
      meaning: 'last digit of the franking id, computed',
      of: (bytes) => checkDigit(frankingDigits(bytes)),
    },
  },
};

/**
 * 19 hex digits: participation 2, customer 7, posting certificate 4, item 6. Of the ten decimal digits of a customer the
 * first eight stand there: 42305DA0F270F07F2E3C is printed for 5071515132, and 305DA0F is 50715151. Null for a number that
 * no customer has.
 */
function frankingDigits(bytes: Buffer): string | null {
  const customer = Math.floor(bytes.readUIntBE(DV_FIELDS.customer.offset, DV_FIELDS.customer.bytes) / 100);
  if (customer > CUSTOMER_DIGITS_MAX) return null;
  const hexOf = ({ offset, bytes: length }: { offset: number; bytes: number }) =>
    bytes.toString('hex', offset, offset + length);
  const { subscription, postingCertificate, item } = DV_FIELDS;
  const digits = [hexOf(subscription), customer.toString(16).padStart(7, '0'), hexOf(postingCertificate), hexOf(item)];
  return digits.join('').toUpperCase();
}

function checkDigit(digits: string | null): string | null {
  return digits === null ? null : crc4(digits);
}

function withCheckDigit(digits: string | null): string | null {
  return digits === null ? null : digits + crc4(digits);
}
