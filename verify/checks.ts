import type { ReadingOutcome, ReasonCode } from '../indicium/index.ts';
import { isNear, type ScanTimes } from './authenticate.ts';

export interface Check {
  readonly name: string;
  readonly question: string;
  /** `not reached` behind one that failed; `not checked` where what it takes is not known. */
  readonly result: 'passed' | 'failed' | 'not reached' | 'not checked';
  /** What is missing, or what the result rests on. */
  readonly note?: string;
}

/** What was known when a mark was checked; `printedAtMs` is null where no indicium was read. */
export interface Known extends ScanTimes {
  readonly printedAtMs: number | null;
}

/** The protocol as a list: which outcomes fail at which step. */
const STEPS = [
  { name: 'key', question: 'Is a key with this id registered?', failures: ['unknown-key', 'no-key'] },
  {
    name: 'owner',
    question: 'Does the key belong to this PSD and this license?',
    failures: ['key-mismatch', 'borrowed-name'],
  },
  { name: 'suite', question: 'Is the signature suite that of the key?', failures: ['suite-mismatch'] },
  { name: 'signature', question: 'Does the signature fit the scanned bytes?', failures: ['forged'] },
  {
    name: 'validity',
    question: 'Was the key certified at the date of the mark?',
    failures: ['key-not-yet-valid', 'expired-key'],
  },
  { name: 'compromise', question: 'Was the key in no other hands by then?', failures: ['compromised-key'] },
  {
    name: 'revocation',
    question: 'Is the key not revoked, then, at the scan and at its receipt?',
    failures: ['revoked-key', 'valid-but-revoked-key'],
  },
  {
    name: 'license',
    question: 'Was the license in force?',
    failures: ['expired-license', 'revoked-license'],
  },
  { name: 'grant', question: 'Was the license granted to this PSD at that time?', failures: ['ungranted-psd'] },
  { name: 'spread', question: 'Is the PSD within the number granted?', failures: ['overspread-license'] },
  { name: 'date', question: 'Is the date of the mark near that of the scan?', failures: ['date-anomaly'] },
  { name: 'receipt', question: 'Is it near that of the receipt of the scan?', failures: ['date-anomaly'] },
] as const satisfies readonly { name: string; question: string; failures: readonly ReasonCode[] }[];

const UNKNOWN_TIME = 'nobody said when it was scanned: everything known now counts';

/** Every check of `authenticate` with its result, as its outcome and what was known imply. */
export function checksOf(outcome: ReadingOutcome, known: Known): Check[] {
  const failed = failedStep(outcome, known);
  const failedAt = STEPS.findIndex(({ name }) => name === failed);
  return STEPS.map(({ name, question }, index) => {
    const isBefore = outcome === 'valid' || (failedAt !== -1 && index < failedAt);
    if (isBefore) return { name, question, ...passed(name, known) };
    if (index !== failedAt) return { name, question, result: 'not reached' };
    const isOpen = outcome === 'valid-but-revoked-key' && known.scannedAtMs === null;
    return { name, question, result: 'failed', ...(isOpen && { note: UNKNOWN_TIME }) };
  });
}

function failedStep(outcome: ReadingOutcome, { printedAtMs, scannedAtMs }: Known): string | undefined {
  if (outcome === 'date-anomaly' && printedAtMs !== null && isNear(printedAtMs, scannedAtMs)) return 'receipt';
  return STEPS.find(({ failures }) => failures.some((failure) => failure === outcome))?.name;
}

/** Of a check behind which the protocol went on. */
function passed(
  name: (typeof STEPS)[number]['name'],
  { scannedAtMs, receivedAtMs }: Known,
): Pick<Check, 'result' | 'note'> {
  if (name === 'date' && scannedAtMs === null)
    return { result: 'not checked', note: 'the time of the scan is not known' };
  if (name === 'receipt' && receivedAtMs === null) {
    return { result: 'not checked', note: 'the time of the receipt is not known' };
  }
  return { result: 'passed' };
}
