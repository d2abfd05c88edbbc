/** What the offices publish to the postal side (docs/REGISTRY.md). Amounts are mills, times milliseconds since 1970. */

export interface CertifiedKey {
  readonly keyId: number;
  readonly psd: string;
  readonly license: number;
  readonly suite: string;
  /** DER SubjectPublicKeyInfo, base64. */
  readonly spki: string;
  readonly validFromMs: number;
  readonly validToMs: number;
  revokedAtMs: number | null;
  compromisedFromMs: number | null;
}

export interface GrantedLicense {
  readonly license: number;
  readonly holder: string;
  readonly town: string;
  readonly depositPostcode: string;
  readonly psdLimit: number;
  readonly payment: 'prepaid' | 'postpaid';
  /** Whose PSDs may have it: the manufacturer's customer to whom it was first given; null until then. */
  readonly user: string | null;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
}

export interface LicenseGrant {
  readonly license: number;
  readonly psd: string;
  readonly grantedAtMs: number;
  endedAtMs: number | null;
}

export interface FundsPaid {
  readonly license: number;
  readonly psd: string;
  /** Number of the payment. */
  readonly refill: number;
  readonly amountMills: number;
  readonly paidAtMs: number;
}

export interface RefundedPiece {
  readonly license: number;
  readonly psd: string;
  /** Decimal text: counters pass 2^53. */
  readonly pieceCount: string;
  readonly amountMills: number;
  readonly refundedAtMs: number;
}

/** Final registers of a set that left service, and the balance that was paid back. */
export interface WithdrawnSet {
  readonly license: number;
  readonly psd: string;
  readonly epoch: number;
  readonly pieceCount: string;
  readonly ascendingMills: number;
  readonly returnedMills: number;
  readonly withdrawnAtMs: number;
}
