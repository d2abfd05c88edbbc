import type { Profile } from './profile.ts';

const FIELDS = {
  version: { offset: 0, bytes: 1, kind: 'little-endian', meaning: 'version' },
  pieceCount: { offset: 1, bytes: 4, kind: 'little-endian', meaning: 'piece count' },
  vendorModel: { offset: 5, bytes: 1, kind: 'little-endian', meaning: 'vendor and model' },
  psdSerial: { offset: 6, bytes: 3, kind: 'little-endian-hex', meaning: 'serial of the PSD' },
  postage: { offset: 9, bytes: 3, kind: 'dollar-mills', meaning: 'postage' },
  mailService: { offset: 12, bytes: 2, kind: 'little-endian', meaning: 'mail service' },
  hmac: { offset: 14, bytes: 6, kind: 'hex', meaning: 'truncated HMAC' },
} as const;

export const USPS_IBI_LITE: Profile = {
  name: 'usps-ibi-lite',
  post: 'United States Postal Service',
  kind: 'IBI-Lite',
  prefix: Buffer.alloc(0),
  lengths: [20],
  // No version is published, so that little but the length tells it; no piece of mail costs a thousand dollars.
  fits: (bytes) => bytes.readUIntLE(FIELDS.postage.offset, FIELDS.postage.bytes) < 1_000_000,
  evidence: 'one published dump; told by its length and a postage below 1,000 USD',
  fields: FIELDS,
};
