/** What the detectors and investigators need of the registry; keys stay with the verifier. */
export interface RegistryRecords {
  readonly version: number;
  readonly digest: string;
  readonly issuedAtMs: number;
  readonly licenses: readonly {
    readonly license: number;
    readonly holder: string;
    readonly town: string;
    readonly depositPostcode: string;
    readonly psdLimit: number;
    readonly validFromMs: number;
    readonly validToMs: number;
    readonly revokedAtMs: number | null;
  }[];
  readonly grants: readonly {
    readonly license: number;
    readonly psd: string;
    readonly grantedAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  readonly psds: readonly { readonly psd: string; readonly user: string }[];
  readonly funds: readonly {
    readonly license: number;
    readonly psd: string;
    readonly refill: number;
    readonly amountMills: number;
    readonly paidAtMs: number;
  }[];
  readonly refunds: readonly {
    readonly license: number;
    readonly psd: string;
    readonly pieceCount: bigint;
    readonly amountMills: number;
    readonly refundedAtMs: number;
  }[];
  readonly rates: readonly {
    readonly rateCategory: number;
    readonly weightGramsMax: number;
    readonly postageMills: number;
    readonly validFromMs: number;
    readonly validToMs: number;
  }[];
  readonly plants: readonly {
    readonly plant: string;
    readonly postcode: string;
    /** Of the plant, in degrees; where the post does not say, nothing is concluded from distances. */
    readonly latitude?: number;
    readonly longitude?: number;
  }[];
  readonly withdrawals: readonly {
    readonly license: number;
    readonly psd: string;
    readonly epoch: number;
    readonly pieceCount: bigint;
    readonly ascendingMills: number;
    readonly returnedMills: number;
    readonly withdrawnAtMs: number;
  }[];
}
