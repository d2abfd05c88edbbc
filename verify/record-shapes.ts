import { Type } from 'typebox';

/** One line of each file of a registry (docs/REGISTRY.md). Times are milliseconds since 1970. */

const Psd = Type.String({ pattern: '^[0-9A-Z]{2}-[0-9A-Z]{2}-(0|[1-9][0-9]{0,9})$' });
const U48 = Type.Integer({ minimum: 1, maximum: 2 ** 48 - 1 });
const Text = Type.String({ minLength: 1, maxLength: 200 });
const TimeMs = Type.Integer({ minimum: 0, maximum: 8.64e15 });
const TimeOrNull = Type.Union([TimeMs, Type.Null()]);

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
  depositPostcode: Type.String({ pattern: '^[0-9A-Z]{1,9}$' }),
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
