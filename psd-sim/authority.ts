import type { KeyPair } from './key-pair.ts';

/** What the postal authority, the manufacturers and the certificate authority publish to the postal side. */
export interface Register {
  readonly keys: readonly { keyId: number; psd: string; license: number; suite: string; spki: string }[];
  readonly licenses: readonly LicenseGrant[];
  readonly grants: readonly { license: number; psd: string; grantedAtMs: number; endedAtMs: number | null }[];
  readonly psds: readonly { psd: string; user: string }[];
  readonly funds: readonly { license: number; psd: string; refill: number; amountMills: number; paidAtMs: number }[];
}

export interface LicenseGrant {
  readonly license: number;
  readonly holder: string;
  readonly town: string;
  readonly depositPostcode: string;
  readonly psdLimit: number;
}

/** Numbers and grants licenses, certifies keys, and books the funds paid for refills. */
export class PostalAuthority {
  readonly #keys: Register['keys'][number][] = [];
  readonly #licenses: LicenseGrant[] = [];
  readonly #grants: Register['grants'][number][] = [];
  readonly #psds: Register['psds'][number][] = [];
  readonly #funds: Register['funds'][number][] = [];

  grantLicense(holder: string, town: string, depositPostcode: string, psdLimit: number): LicenseGrant {
    const license = 700_000 + this.#licenses.length * 137;
    const grant = { license, holder, town, depositPostcode, psdLimit };
    this.#licenses.push(grant);
    return grant;
  }

  registerPsd(psd: string, user: string): void {
    this.#psds.push({ psd, user });
  }

  /** Certifies the public key of one license on one PSD; the serial number becomes the key id. */
  certify(psd: string, license: number, keys: KeyPair): number {
    const keyId = 4_000_001 + this.#keys.length;
    this.#keys.push({ keyId, psd, license, suite: 'ecdsa-p256-sha256', spki: keys.spki.toString('base64') });
    return keyId;
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
      keys: this.#keys,
      licenses: this.#licenses,
      grants: this.#grants,
      psds: this.#psds,
      funds: this.#funds,
    };
  }
}
