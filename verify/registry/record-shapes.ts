import { Type } from 'typebox';

/** One line of each file of a registry (docs/REGISTRY.md). Times are milliseconds since 1970. */

const Psd = Type.String({ maxLength: 16, pattern: '^[0-9A-Z]{2}-[0-9A-Z]{2}-(0|[1-9][0-9]{0,9})$' });
const U48 = Type.Integer({ minimum: 1, maximum: 2 ** 48 - 1 });
const U48OrZero = Type.Integer({ minimum: 0, maximum: 2 ** 48 - 1 });
const Postcode = Type.String({ maxLength: 9, pattern: '^[0-9A-Z]{1,9}$' });
const Text = Type.String({ minLength: 1, maxLength: 200 });
const TimeMs = Type.Integer({ minimum: 0, maximum: 8.64e15 });
const TimeOrNull = Type.Union([TimeMs, Type.Null()]);

const COUNT_MAX = String(2n ** 64n - 1n);
/** Digits, since JSON's numbers are exact to 2^53 only. */
const Count = Type.Refine(
  Type.String({ maxLength: 20, pattern: '^(0|[1-9][0-9]{0,19})$' }),
  (digits) => digits.length < COUNT_MAX.length || digits <= COUNT_MAX,
  () => `is beyond ${COUNT_MAX}`,
);

export const KeyShape = Type.Object({
  keyId: U48,
  psd: Psd,
  license: U48,
  suite: Type.Union([
    Type.Literal('ecdsa-p256-sha256'),
    Type.Literal('ed25519'),
    Type.Literal('ecdsa-p224-sha256'),
    Type.Literal('rsa2048-sha256'),
  ]),
  spki: Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength: 600 }),
  validFromMs: TimeMs,
  validToMs: TimeMs,
  revokedAtMs: TimeOrNull,
  compromisedFromMs: TimeOrNull,
});

export const LicenseShape = Type.Object({
  license: U48,
  holder: Text,
  town: Text,
  depositPostcode: Postcode,
  psdLimit: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
  validFromMs: TimeMs,
  validToMs: TimeMs,
  revokedAtMs: TimeOrNull,
});

export const GrantShape = Type.Object({ license: U48, psd: Psd, grantedAtMs: TimeMs, endedAtMs: TimeOrNull });

export const PsdShape = Type.Object({ psd: Psd, user: Text });

export const FundsShape = Type.Object({
  license: U48,
  psd: Psd,
  refill: U48,
  amountMills: U48,
  paidAtMs: TimeMs,
});

export const RefundShape = Type.Object({
  license: U48,
  psd: Psd,
  pieceCount: Count,
  amountMills: U48OrZero,
  refundedAtMs: TimeMs,
});

export const RateShape = Type.Object({
  rateCategory: Type.Integer({ minimum: 0, maximum: 65_535 }),
  weightGramsMax: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
  postageMills: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
  validFromMs: TimeMs,
  validToMs: TimeMs,
});

/** Coordinates are the plant's own, in degrees; both or neither. The zone has its name in the IANA database. */
export const PlantShape = Type.Object({
  plant: Text,
  postcode: Postcode,
  latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
  longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
  timeZone: Type.Optional(Text),
});

export const WithdrawalShape = Type.Object({
  license: U48,
  psd: Psd,
  epoch: Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 }),
  pieceCount: Count,
  ascendingMills: U48OrZero,
  returnedMills: U48OrZero,
  withdrawnAtMs: TimeMs,
});
