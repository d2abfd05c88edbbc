import type { Indicium, ReadingOutcome, ReasonCode } from '../indicium/index.ts';
import type { KeyRing } from './key-ring.ts';
import { verifyWith } from './signature.ts';

/**
 * Whether a mark is genuine and allowed, in the order of the protocol: key, whose key, suite, signature, license.
 * The signature is checked over the bytes that were scanned, with the algorithm of the key's record.
 */
export function authenticate(indicium: Indicium, ring: KeyRing): ReadingOutcome {
  const record = ring.record(indicium.keyId);
  if (record === undefined) return 'unknown-key';
  if (record.psd !== indicium.psd || record.license !== indicium.license) return 'key-mismatch';
  if (record.suite !== indicium.suite) return 'suite-mismatch';
  const key = ring.key(record);
  if (key === null) return 'unknown-key';
  if (!verifyWith(key, indicium.signedBytes, indicium.signature)) return 'forged';
  const grant = ring.grantState(indicium.license, indicium.psd, indicium.printedAtMs);
  return grant === 'granted' ? 'valid' : grant;
}

export interface Check {
  readonly name: string;
  readonly question: string;
  readonly result: 'passed' | 'failed' | 'not reached';
}

/** The protocol as a list: which outcomes fail at which step. */
const STEPS: readonly { name: string; question: string; failures: readonly ReasonCode[] }[] = [
  { name: 'key', question: 'Is a key with this id registered?', failures: ['unknown-key'] },
  { name: 'owner', question: 'Does the key belong to this PSD and this license?', failures: ['key-mismatch'] },
  { name: 'suite', question: 'Is the signature suite that of the key?', failures: ['suite-mismatch'] },
  { name: 'signature', question: 'Does the signature fit the scanned bytes?', failures: ['forged'] },
  { name: 'grant', question: 'Was the license granted to this PSD at that time?', failures: ['ungranted-psd'] },
  { name: 'spread', question: 'Is the PSD within the number granted?', failures: ['overspread-license'] },
];

/** Every check of `authenticate` with its result, as its outcome implies. */
export function checksOf(outcome: ReadingOutcome): Check[] {
  const failedAt = STEPS.findIndex((step) => outcome !== 'valid' && step.failures.includes(outcome));
  return STEPS.map(({ name, question }, index) => {
    if (outcome === 'valid' || (failedAt !== -1 && index < failedAt)) return { name, question, result: 'passed' };
    return { name, question, result: index === failedAt ? 'failed' : 'not reached' };
  });
}
