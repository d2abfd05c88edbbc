import type { CommittedFraud } from './frauds/frauds.ts';
import type { MailStream } from './mail-stream.ts';
import type { FraudName, HonestTrap } from './scenario.ts';

/** One line of truth.ndjson. */
export type TruthLine =
  | { readonly fraud: FraudName; readonly scanIds: readonly string[]; readonly license: number; readonly psd: string }
  | { readonly honest: HonestTrap; readonly scanIds: readonly string[] };

export function truthOf(frauds: readonly CommittedFraud[], stream: MailStream): TruthLine[] {
  const guilty = frauds.map(({ fraud, license, psd, pieces }): TruthLine => {
    return { fraud, scanIds: pieces.flatMap((piece) => stream.scanIdsOf.get(piece) ?? []), license, psd };
  });
  return [...guilty, ...stream.oddities];
}

/** What the postal side said, in as much of its shape as scoring needs. */
export interface Answer {
  readonly findings: readonly { readonly kind: string; readonly scanIds: readonly string[] }[];
  readonly verdicts: readonly { readonly scanId: string; readonly disposition: string }[];
}

export interface Score {
  readonly found: readonly TruthLine[];
  readonly missed: readonly TruthLine[];
  /** Scans that a finding or a divert accuses although no fraud touched them. */
  readonly falselyAccused: readonly string[];
}

/** The kind of finding that proves a fraud: its own name, or what the fraud looks like from outside. */
export const PROVED_BY: Record<FraudName, string> = {
  copy: 'copy',
  'copy-far': 'copy',
  forged: 'forged',
  altered: 'forged',
  fork: 'fork',
  'ungranted-psd': 'ungranted-psd',
  'overspread-license': 'overspread-license',
  'cross-key': 'borrowed-name',
  rollback: 'rollback',
  overspend: 'overspend',
  'refund-mailed': 'refund-mailed',
  'wrong-town': 'wrong-town',
  'wrong-destination': 'wrong-destination',
  'short-postage': 'short-postage',
  'expired-license': 'expired-license',
  'revoked-license': 'revoked-license',
  'compromised-key': 'compromised-key',
  'revoked-key': 'revoked-key',
  'stale-date': 'stale-date',
  'two-places': 'two-places',
  'faster-than-printer': 'faster-than-printer',
};

/** A fraud is found when findings of its kind name every scan of it. */
export function score(truth: readonly TruthLine[], answer: Answer): Score {
  const frauds = truth.filter((line) => 'fraud' in line);
  const accusedByKind = Map.groupBy(answer.findings, (finding) => finding.kind);
  const named = new Map(
    [...accusedByKind].map(([kind, findings]) => [kind, new Set(findings.flatMap((finding) => finding.scanIds))]),
  );
  const isFound = ({ fraud, scanIds }: { fraud: FraudName; scanIds: readonly string[] }) => {
    const scans = named.get(PROVED_BY[fraud]);
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
  };
}
