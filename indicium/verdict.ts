import type { ReasonCode } from './reasons.ts';
import type { UncheckedCode } from './unchecked.ts';

/** `accept`: let it run. `divert`: pull it out, something is wrong. `manual`: a person must look, nobody is accused. */
export const DISPOSITIONS = ['accept', 'divert', 'manual'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

export interface Verdict {
  readonly scanId: string;
  readonly disposition: Disposition;
  readonly reasons: readonly ReasonCode[];
}

/** What was answered for a scan, and what detectors found about it since. */
export interface StoredVerdict {
  readonly scanId: string;
  /** Of what was sent: the same scan id with another digest is another scan. */
  readonly digest: bigint;
  readonly plant: string | null;
  readonly disposition: Disposition;
  readonly reasons: readonly ReasonCode[];
  /** Of the mark; null where it is not an indicium. */
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
  /** Of what was sent; not given for anything sent under the scan id. */
  readonly digest?: bigint;
}

/** The gravest first. `information` accuses nobody. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'information'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * What the license or PSD that a finding is about has to do with it: `suspect`: its own key signed the proof; `victim`:
 * anybody could make this in its name; `unknown`: it may be either, and nobody is accused.
 */
export const ROLES = ['suspect', 'victim', 'unknown'] as const;
export type Role = (typeof ROLES)[number];

/** What detectors found over all evidence. `kind` names the fraud where it proves one. */
export interface Finding {
  readonly kind: string;
  readonly severity: Severity;
  readonly license: number | null;
  readonly psd: string | null;
  readonly scanIds: readonly string[];
  /** A sentence for people. */
  readonly detail: string;
  /** Of the policy whose thresholds it was found by. */
  readonly policyVersion: number;
  /** Tokens, certificates and sources that the scans came from. */
  readonly broughtBy: readonly string[];
  /** The one plant on whose word alone it rests; null where marks prove it, or several plants say so. */
  readonly wordOf: string | null;
  /** Of the license or PSD that it is about. */
  readonly role: Role;
}
