import type { KeyTable } from './key-table.ts';
import type {
  FundsRecord,
  GrantRecord,
  LicenseRecord,
  PlantRecord,
  PsdRecord,
  RateRecord,
  RefundRecord,
  WithdrawalRecord,
} from './records.ts';

/** What the postal side knows beforehand: whose key, under which license, on which PSDs, valid when, and what was paid. */
export interface Registry {
  /** Of the trust list; rises with every publication. */
  readonly version: number;
  /** SHA-256 of the signed list: two lists may claim one version, but not one digest. */
  readonly digest: string;
  readonly issuedAtMs: number;
  /** From then on the list says nothing any more. */
  readonly expiresAtMs: number;
  readonly keys: KeyTable;
  /** Null where no plant has one. */
  readonly zones: PlantZones | null;
  readonly licenses: readonly LicenseRecord[];
  readonly grants: readonly GrantRecord[];
  readonly psds: readonly PsdRecord[];
  readonly funds: readonly FundsRecord[];
  readonly refunds: readonly RefundRecord[];
  readonly rates: readonly RateRecord[];
  readonly plants: readonly PlantRecord[];
  readonly withdrawals: readonly WithdrawalRecord[];
}

/** Time zones of plants, as JSON in memory that threads share: the map of a large post would be copied with every batch. */
export type PlantZones = SharedArrayBuffer;
