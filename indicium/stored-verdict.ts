import type { ReasonCode } from './reasons.ts';
import type { UncheckedCode } from './unchecked.ts';
import type { Disposition } from './verdict.ts';

/** What was answered for a scan, and what detectors found about it since. */
export interface StoredVerdict {
  readonly scanId: string;
  /** Of what was sent: the same scan id with another digest is another scan. */
  readonly digest: bigint;
  readonly plant: string | null;
  readonly disposition: Disposition;
  readonly reasons: readonly ReasonCode[];
  /** Of the mark; null where it is no indicium. */
  readonly payload: Uint8Array | null;
  readonly trustVersion: number;
  readonly policyVersion: number;
  /** `kind/license/psd/key`, without the key where it is empty: the columns by which the view `findings` knows them. */
  readonly findingIds: readonly string[];
  /** Fields of its record that are unknown, or were not used, as JSON text. */
  readonly extra: string | null;
  /** Checks of its mark that were not made. */
  readonly unchecked: readonly UncheckedCode[];
}

/** Which verdicts are asked for. */
export interface VerdictQuery {
  readonly scanId: string;
  /** Null for scans that name none; not given for those of all plants. */
  readonly plant?: string | null;
  /** Of what was sent; not given for whatever was sent under the scan id. */
  readonly digest?: bigint;
}
