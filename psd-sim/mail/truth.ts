import type { CommittedFraud } from '../frauds/frauds.ts';
import { type Part, partsOf } from '../roles.ts';
import { asksForMore, type FraudName, type Scenario } from '../scenario.ts';
import type { HonestOddity, MailStream } from './mail-stream.ts';

export interface FraudLine {
  readonly fraud: FraudName;
  readonly scanIds: readonly string[];
  readonly license: number;
  readonly psd: string;
  /** Who is suspect, who victim. A line without says it by the name of its fraud. */
  readonly parts?: readonly Part[];
}

/** One line of truth.ndjson. */
export type TruthLine = FraudLine | HonestOddity;

export function truthOf(frauds: readonly CommittedFraud[], stream: MailStream): TruthLine[] {
  const guilty = frauds.map(({ fraud, license, psd, parts, pieces }): TruthLine => {
    return { fraud, scanIds: pieces.flatMap((piece) => stream.scanIdsOf.get(piece) ?? []), license, psd, parts };
  });
  return [...guilty, ...stream.oddities];
}

/** A line as it is written; days with no more than FRAUDS keep the bytes that they had before lines told of parts. */
export function truthText(line: TruthLine, scenario: Scenario): string {
  if (!('fraud' in line) || asksForMore(scenario)) return JSON.stringify(line);
  const { parts: _, ...rest } = line;
  return JSON.stringify(rest);
}

/** The part that each license and PSD has in a fraud. */
export function partsIn({ fraud, license, psd, parts }: FraudLine): readonly Part[] {
  return parts ?? partsOf(fraud, license, psd);
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
  'cloned-tag': 'cloned-id',
  recirculated: 'cloned-id',
  'placeholder-id': 'copy',
  'standing-register': 'standing-register',
  'omitted-descending': 'omitted-descending',
  'backdated-scan': 'valid-but-revoked-key',
  'framing-forged': 'forged',
  'framing-cross-key': 'borrowed-name',
  'framing-made-up': 'unknown-key',
};

/** Frauds that leave doubt and no proof: a verdict with that reason, which sends the piece to a person, is all there can be. */
export const PROVED_BY_REVIEW: ReadonlySet<FraudName> = new Set<FraudName>(['backdated-scan']);
