import type { SuiteName } from './layout.ts';

/** A public key certified for one PSD and one license. `keyId` is the certificate's serial, unique over all. */
export interface KeyRecord {
  readonly keyId: number;
  readonly psd: string;
  readonly license: number;
  readonly suite: SuiteName;
  /** DER SubjectPublicKeyInfo, canonical. */
  readonly spki: Uint8Array;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
  /** From then on others may have had the private key. */
  readonly compromisedFromMs: number | null;
}

export interface LicenseRecord {
  readonly license: number;
  readonly holder: string;
  /** Town where mail under this license is deposited (the "town die"), and its postcode. */
  readonly town: string;
  readonly depositPostcode: string;
  /** How many PSDs may carry the license at one time. */
  readonly psdLimit: number;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
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

/** A mark that was handed back as unused; what it had cost was paid back. */
export interface RefundRecord {
  readonly license: number;
  readonly psd: string;
  readonly pieceCount: bigint;
  readonly amountMills: number;
  readonly refundedAtMs: number;
}

/** The lowest postage of a category, and the greatest weight that goes for it, while it is in force. */
export interface RateRecord {
  readonly rateCategory: number;
  readonly weightGramsMax: number;
  readonly postageMills: number;
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** A plant that sorts what is deposited at the post office with that postcode. */
export interface PlantRecord {
  readonly plant: string;
  readonly postcode: string;
  /** Of the plant, in degrees. */
  readonly latitude?: number;
  readonly longitude?: number;
  /** Its name in the IANA time zone database, for machines that write local times. */
  readonly timeZone?: string;
}

/** A register set taken out of service: its final registers, and the balance that was paid back. */
export interface WithdrawalRecord {
  readonly license: number;
  readonly psd: string;
  readonly epoch: number;
  readonly pieceCount: bigint;
  readonly ascendingMills: number;
  readonly returnedMills: number;
  readonly withdrawnAtMs: number;
}

/** What the detectors and investigators need of the registry; keys stay with the verifier. */
export interface RegistryRecords {
  /** Of the trust list; rises with every publication. */
  readonly version: number;
  /** SHA-256 of the signed list: two lists may claim one version, but not one digest. */
  readonly digest: string;
  readonly issuedAtMs: number;
  readonly licenses: readonly LicenseRecord[];
  readonly grants: readonly GrantRecord[];
  readonly psds: readonly PsdRecord[];
  readonly funds: readonly FundsRecord[];
  readonly refunds: readonly RefundRecord[];
  readonly rates: readonly RateRecord[];
  /** Where the post does not say where a plant is, nothing is concluded from distances. */
  readonly plants: readonly PlantRecord[];
  readonly withdrawals: readonly WithdrawalRecord[];
}
