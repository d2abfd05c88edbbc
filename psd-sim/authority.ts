import type { KeyPair } from './key-pair.ts';

/** What the postal authority, the manufacturers and the certificate authority publish to the postal side. */
export interface Register {
  readonly keys: readonly CertifiedKey[];
  readonly licenses: readonly LicenseGrant[];
  readonly grants: readonly { license: number; psd: string; grantedAtMs: number; endedAtMs: number | null }[];
  readonly psds: readonly { psd: string; user: string }[];
  readonly funds: readonly { license: number; psd: string; refill: number; amountMills: number; paidAtMs: number }[];
}

export interface CertifiedKey {
  readonly keyId: number;
  readonly psd: string;
  readonly license: number;
  readonly suite: string;
  readonly spki: string;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
  readonly compromisedFromMs: number | null;
}

export interface LicenseGrant {
  readonly license: number;
  readonly holder: string;
  readonly town: string;
  readonly depositPostcode: string;
  readonly psdLimit: number;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
}

/** What is asked for with a license; the authority adds the number. */
export type LicenseRequest = Pick<LicenseGrant, 'holder' | 'town' | 'depositPostcode' | 'psdLimit'> &
  Partial<Pick<LicenseGrant, 'validFromMs' | 'validToMs'>>;

const DAY_MS = 24 * 3_600_000;
const VALID_BEFORE_DAYS = 200;
const VALID_AFTER_DAYS = 900;

/** Numbers and grants licenses, certifies keys, and books the funds paid for refills. */
export class PostalAuthority {
  readonly #todayMs: number;
  readonly #keys = new Map<number, CertifiedKey>();
  readonly #licenses = new Map<number, LicenseGrant>();
  readonly #grants: Register['grants'][number][] = [];
  readonly #psds: Register['psds'][number][] = [];
  readonly #funds: Register['funds'][number][] = [];

  constructor(todayMs: number) {
    this.#todayMs = todayMs;
  }

  grantLicense(request: LicenseRequest): LicenseGrant {
    const license = 700_000 + this.#licenses.size * 137;
    const validity = {
      validFromMs: this.#todayMs - VALID_BEFORE_DAYS * DAY_MS,
      validToMs: this.#todayMs + VALID_AFTER_DAYS * DAY_MS,
    };
    const grant = { license, ...validity, revokedAtMs: null, ...request };
    this.#licenses.set(license, grant);
    return grant;
  }

  revokeLicense(license: number, revokedAtMs: number): void {
    const granted = this.#licenses.get(license);
    if (granted === undefined) throw new RangeError(`license ${license} was never granted`);
    this.#licenses.set(license, { ...granted, revokedAtMs });
  }

  registerPsd(psd: string, user: string): void {
    this.#psds.push({ psd, user });
  }

  /** Certifies the public key of one license on one PSD; the serial number becomes the key id. */
  certify(psd: string, license: number, keys: KeyPair): number {
    const keyId = 4_000_001 + this.#keys.size;
    this.#keys.set(keyId, {
      keyId,
      psd,
      license,
      suite: 'ecdsa-p256-sha256',
      spki: keys.spki.toString('base64'),
      validFromMs: this.#todayMs - VALID_BEFORE_DAYS * DAY_MS,
      validToMs: this.#todayMs + VALID_AFTER_DAYS * DAY_MS,
      revokedAtMs: null,
      compromisedFromMs: null,
    });
    return keyId;
  }

  reportCompromise(keyId: number, compromisedFromMs: number): void {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new RangeError(`key ${keyId} was never certified`);
    this.#keys.set(keyId, { ...key, compromisedFromMs });
  }

  putOnPsd(license: number, psd: string, grantedAtMs: number): void {
    this.#grants.push({ license, psd, grantedAtMs, endedAtMs: null });
  }

  receiveFunds(license: number, psd: string, amountMills: bigint, paidAtMs: number): void {
    const refill = this.#funds.length + 1;
    this.#funds.push({ license, psd, refill, amountMills: Number(amountMills), paidAtMs });
  }

  publish(): Register {
    return {
      keys: [...this.#keys.values()],
      licenses: [...this.#licenses.values()],
      grants: this.#grants,
      psds: this.#psds,
      funds: this.#funds,
    };
  }
}
