import { hash } from 'node:crypto';
import { ExpectedError, type Severity } from '../../indicium/index.ts';
import defaults from './default-policy.json' with { type: 'json' };

/** The policy file is missing, is not JSON, or asks for what no detector or reason has. */
export class PolicyError extends ExpectedError {
  override readonly name = 'PolicyError';
  override readonly failure = 'policy';
}

/** `divert`: pull it out. `manual`: a person must look. `pass`: let it run, with the reason kept as a note. */
export const TREATMENTS = ['divert', 'manual', 'pass'] as const;
type Treatment = (typeof TREATMENTS)[number];

/** Thresholds, and what is done about each reason and finding; docs/DETECTORS.md describes the file. */
export interface Policy {
  /** Raised with each change of the file: findings are known by it. */
  readonly version: number;
  /** SHA-256 of all that it says: two files may claim one version, but not one digest. */
  readonly digest: string;
  /** What is done with a piece at the divert gate, by reason code. */
  readonly dispositions: Readonly<Record<string, Treatment>>;
  /** What a piece deserved that a finding names afterwards, by kind of finding. */
  readonly findings: Readonly<Record<string, Treatment>>;
  /** By the name of a detector; what each means stands at the head of its file. */
  readonly parameters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Weights by which cases are put in order. */
  readonly severityScores: Readonly<Record<Exclude<Severity, 'information'>, number>>;
  /** The most that a case scores that anybody with a printer can make: no more than one find of severity high. */
  readonly outsiderScoreMax: number;
}

/** All defaults in one file, which is also what an operator copies. */
export const DEFAULT_POLICY: Policy = {
  ...defaults,
  dispositions: treatmentsIn(defaults.dispositions),
  findings: treatmentsIn(defaults.findings),
  digest: hash('sha256', JSON.stringify(defaults)),
};

function treatmentsIn(given: Readonly<Record<string, string>>): Record<string, Treatment> {
  return Object.fromEntries(
    Object.entries(given).map(([name, treatment]) => {
      const known = TREATMENTS.find((one) => one === treatment);
      if (known === undefined) throw new PolicyError(`default-policy.json: ${name} has no treatment ${treatment}`);
      return [name, known];
    }),
  );
}
