import type { SuiteName } from '../indicium/index.ts';

/** What the postal side knows beforehand: whose key, under which license, on which PSDs, and what was paid. */
export interface Registry {
  readonly version: number;
  readonly issuedAtMs: number;
  readonly keys: readonly KeyRecord[];
  readonly licenses: readonly LicenseRecord[];
  readonly grants: readonly GrantRecord[];
  readonly psds: readonly PsdRecord[];
  readonly funds: readonly FundsRecord[];
}

/** A public key certified for one PSD and one license. `keyId` is the certificate's serial, unique over all. */
export interface KeyRecord {
  readonly keyId: number;
  readonly psd: string;
  readonly license: number;
  readonly suite: SuiteName;
  /** DER SubjectPublicKeyInfo, canonical. */
  readonly spki: Uint8Array;
}

export interface LicenseRecord {
  readonly license: number;
  readonly holder: string;
  /** Town where mail under this license is deposited (the "town die"), and its postcode. */
  readonly town: string;
  readonly depositPostcode: string;
  /** How many PSDs may carry the license at one time. */
  readonly psdLimit: number;
}

/** The license was put on the PSD at `grantedAtMs` and, where the PSD was replaced, taken off at `endedAtMs`. */
export interface GrantRecord {
  readonly license: number;
  readonly psd: string;
  readonly grantedAtMs: number;
  readonly endedAtMs: number | null;
}

export interface PsdRecord {
  readonly psd: string;
  readonly user: string;
}

/** One refill: funds paid for the register set of one license on one PSD. */
export interface FundsRecord {
  readonly license: number;
  readonly psd: string;
  readonly refill: number;
  readonly amountMills: number;
  readonly paidAtMs: number;
}
