import { Type } from 'typebox';
import { messageKind } from './sealed.ts';

/** Every signed message between PSD, manufacturer, postal authority and certificate authority, in the order of use. */

/** Money and counters travel as decimal text: they pass 2^53. */
const Decimal = Type.String({ pattern: '^(0|[1-9][0-9]{0,19})$' });
const Psd = Type.String({ pattern: '^[0-9A-Z]{2}-[0-9A-Z]{2}-(0|[1-9][0-9]{0,9})$' });
const License = Type.Integer({ minimum: 1, maximum: 2 ** 48 - 1 });
const Nonce = Type.String({ pattern: '^[0-9a-f]{32}$' });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const TimeMs = Type.Integer({ minimum: 0, maximum: 2 ** 48 - 1 });
const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$' });
const Text = Type.String({ minLength: 1, maxLength: 200 });
const Postcode = Type.String({ pattern: '^[0-9A-Z]{1,9}$' });

export const SignedTime = messageKind('time', Type.Object({ timeMs: TimeMs }));

/** New public key of an office, signed with its old one or, after a theft, with the manufacturer's. */
export const ROLES = ['manufacturer', 'authority', 'certifier'] as const;
export type Role = (typeof ROLES)[number];
export const NewAnchor = messageKind(
  'new-anchor',
  Type.Object({
    role: Type.Union(ROLES.map((role) => Type.Literal(role))),
    number: Type.Integer({ minimum: 1, maximum: 1_000 }),
    spki: Base64,
    /** Whether what the earlier keys signed is still good. */
    keepsEarlier: Type.Boolean(),
  }),
);

/** Fig. 4, blocks 61 and 62. */
export const LicenseRequest = messageKind(
  'license-request',
  Type.Object({
    psd: Psd,
    nonce: Nonce,
    holder: Text,
    town: Text,
    depositPostcode: Postcode,
    /** A license that the holder has already and wants on this PSD too (claim 6). */
    existingLicense: Type.Union([License, Type.Null()]),
  }),
);
/** Block 64: the manufacturer vouches for the origin. */
export const ForwardedRequest = messageKind('forwarded-request', Type.Object({ request: Type.String(), user: Text }));
/** Block 65: granted, numbered and signed by the postal authority. */
export const LicenseDocument = messageKind(
  'license',
  Type.Object({
    license: License,
    psd: Psd,
    requestDigest: Digest,
    holder: Text,
    town: Text,
    depositPostcode: Postcode,
    payment: Type.Union([Type.Literal('prepaid'), Type.Literal('postpaid')]),
    validFromMs: TimeMs,
    validToMs: TimeMs,
  }),
);
/** Block 66: countersigned by the manufacturer. */
export const CountersignedLicense = messageKind('countersigned-license', Type.Object({ license: Type.String() }));

export const CertificateRequest = messageKind(
  'certificate-request',
  Type.Object({ psd: Psd, license: License, spki: Base64 }),
);
export const EndorsedCertificateRequest = messageKind(
  'endorsed-certificate-request',
  Type.Object({ request: Type.String() }),
);

/** Fig. 5, 72: a register set on the nonsecure store, its contents sealed with a key that stays within the PSD. */
export const ExportedSet = messageKind(
  'exported-set',
  Type.Object({
    psd: Psd,
    license: License,
    epoch: Type.Integer({ minimum: 1, maximum: 2 ** 32 - 1 }),
    nonce: Type.String({ pattern: '^[0-9a-f]{24}$' }),
    tag: Nonce,
    ciphertext: Base64,
  }),
);

/** Both registers of one set, signed: for refills, audits and bills. */
const Registers = {
  psd: Psd,
  license: License,
  epoch: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
  pieceCount: Decimal,
  ascendingMills: Decimal,
  /** Null in countries without a descending register. */
  descendingMills: Type.Union([Decimal, Type.Null()]),
};
export const RefillRequest = messageKind(
  'refill-request',
  Type.Object({ ...Registers, challenge: Nonce, refillNumber: Type.Integer({ minimum: 1 }), amountMills: Decimal }),
);
/** The manufacturer asks the authority for its consent, and reports the money paid. */
export const RefillReport = messageKind('refill-report', Type.Object({ request: Type.String(), paidAtMs: TimeMs }));
export const RefillConsent = messageKind(
  'refill-consent',
  Type.Object({ challenge: Nonce, isGranted: Type.Boolean() }),
);
export const RefillCredit = messageKind(
  'refill-credit',
  Type.Object({ psd: Psd, license: License, challenge: Nonce, amountMills: Decimal }),
);
export const RefillRefusal = messageKind(
  'refill-refusal',
  Type.Object({ psd: Psd, license: License, challenge: Nonce }),
);

export const Audit = messageKind(
  'audit',
  Type.Object({ ...Registers, spoiledPieces: Type.Integer(), spoiledMills: Decimal, clockMs: TimeMs }),
);
/** Final registers of a set that left service, and the balance to pay back. */
export const Withdrawal = messageKind('withdrawal', Type.Object({ ...Registers, returnedMills: Decimal }));
export const WithdrawalReceipt = messageKind(
  'withdrawal-receipt',
  Type.Object({ psd: Psd, license: License, returnedMills: Decimal }),
);
/** What the manufacturer passes on to the authority: an audit, a withdrawal. */
export const Report = messageKind('report', Type.Object({ enclosed: Type.String(), atMs: TimeMs }));
export const Receipt = messageKind('receipt', Type.Object({ digest: Digest }));
