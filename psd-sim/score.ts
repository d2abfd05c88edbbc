import { type FraudLine, PROVED_BY, PROVED_BY_REVIEW, partsIn, type TruthLine } from './mail/truth.ts';
import type { Role } from './roles.ts';

/** What the postal side said, in as much of its shape as scoring needs. */
export interface Answer {
  readonly findings: readonly SaidOf[];
  /** As they were given while the piece was before the gate; not as later evidence revised them. */
  readonly verdicts: readonly SaidVerdict[];
  readonly cases?: readonly (Omit<SaidOf, 'kind' | 'scanIds'> & { readonly kinds?: readonly string[] })[];
}

interface SaidVerdict {
  readonly scanId: string;
  readonly disposition: string;
  readonly reasons?: readonly string[];
}

interface SaidOf {
  readonly kind: string;
  readonly scanIds: readonly string[];
  readonly severity?: string;
  readonly license?: number | null;
  readonly psd?: string | null;
  /** A finding without one suspects whom it names; a case without one says no more than its findings. */
  readonly role?: string | null;
}

export interface Score {
  readonly found: readonly TruthLine[];
  readonly missed: readonly TruthLine[];
  /** Scans that a finding or a divert accuses although no fraud touched them. */
  readonly falselyAccused: readonly string[];
  /** `license/700137` and `psd/06-2S-5520023`: named as suspect, and suspect in no fraud. */
  readonly innocentsAsSuspects: readonly string[];
  readonly beforeGate: BeforeGate;
}

/** Scans of frauds, and those of them that their verdict kept from running on: diverted, or put before a person. */
export interface BeforeGate {
  readonly scans: number;
  readonly answered: number;
}

/** A fraud is found when findings of its kind, or reviews where there can be no finding, name every scan of it. */
export function score(truth: readonly TruthLine[], answer: Answer): Score {
  const frauds = truth.filter((line) => 'fraud' in line);
  const named = new Map<string, Set<string>>();
  for (const { kind, scanIds } of answer.findings) add(named, kind, scanIds);
  const reviewed = new Map<string, Set<string>>();
  for (const { scanId, reasons = [] } of answer.verdicts) for (const reason of reasons) add(reviewed, reason, [scanId]);
  const isFound = ({ fraud, scanIds }: FraudLine) => {
    const scans = (PROVED_BY_REVIEW.has(fraud) ? reviewed : named).get(PROVED_BY[fraud]);
    return scanIds.length > 0 && scanIds.every((scanId) => scans?.has(scanId));
  };
  const guilty = new Set(frauds.flatMap((line) => line.scanIds));
  const accused = new Set([
    ...answer.findings.flatMap((finding) => finding.scanIds),
    ...answer.verdicts.filter((verdict) => verdict.disposition === 'divert').map((verdict) => verdict.scanId),
  ]);
  return {
    found: frauds.filter(isFound),
    missed: frauds.filter((line) => !isFound(line)),
    falselyAccused: [...accused].filter((scanId) => !guilty.has(scanId)),
    innocentsAsSuspects: innocentsAsSuspects(frauds, answer),
    beforeGate: beforeGate(guilty, answer.verdicts),
  };
}

function add(sets: Map<string, Set<string>>, key: string, values: readonly string[]): void {
  const set = sets.get(key) ?? new Set();
  for (const value of values) set.add(value);
  sets.set(key, set);
}

/** Licenses and PSDs that findings or cases suspect and that are suspect in no fraud. */
export function innocentsAsSuspects(
  frauds: readonly FraudLine[],
  { findings, cases = [] }: Pick<Answer, 'findings' | 'cases'>,
): string[] {
  const SUSPECT: Role = 'suspect';
  const suspects = new Set(
    frauds
      .flatMap(partsIn)
      .filter(({ role }) => role === SUSPECT)
      .flatMap(subjectsOf),
  );
  const said = [
    // What only informs accuses nobody.
    ...findings.filter(({ severity, role }) => severity !== 'information' && (role ?? SUSPECT) === SUSPECT),
    ...cases.filter(({ role }) => role === SUSPECT),
  ];
  return [...new Set(said.flatMap(suspectsOf))].filter((subject) => !suspects.has(subject)).toSorted();
}

/** A PSD without a grant is suspect; the license that it used is the victim, and named as what was used. */
function suspectsOf(
  said: Partial<Pick<SaidOf, 'kind' | 'license' | 'psd'>> & { readonly kinds?: readonly string[] },
): string[] {
  const kinds = said.kinds ?? [said.kind];
  return subjectsOf(kinds.every((kind) => kind === 'ungranted-psd') ? { ...said, license: null } : said);
}

function subjectsOf({ license, psd }: Pick<SaidOf, 'license' | 'psd'>): string[] {
  return [
    ...(license === null || license === undefined ? [] : [`license/${license}`]),
    ...(psd === null || psd === undefined ? [] : [`psd/${psd}`]),
  ];
}

export function beforeGate(guilty: ReadonlySet<string>, verdicts: readonly SaidVerdict[]): BeforeGate {
  const answered = new Set(
    verdicts
      .filter(({ scanId, disposition }) => disposition !== 'accept' && guilty.has(scanId))
      .map(({ scanId }) => scanId),
  );
  return { scans: guilty.size, answered: answered.size };
}
