import type { Disposition, ReasonCode } from '../indicium/index.ts';

/**
 * What is done with a piece for each reason. `divert` is for what looks like fraud, `manual` for what nobody can be
 * blamed for: a smudge, a lost image, a scan record that was garbled on its way.
 */
const DISPOSITIONS: Record<ReasonCode, Exclude<Disposition, 'accept'>> = {
  'scan-malformed': 'manual',
  'scan-incomplete': 'manual',
  'scan-id-reused': 'manual',
  'image-missing': 'manual',
  'image-refused': 'manual',
  'image-too-large': 'manual',
  'image-unsupported': 'manual',
  'image-corrupt': 'manual',
  'reader-timeout': 'manual',
  'reader-failed': 'manual',
  'no-symbol': 'manual',
  'payload-empty': 'manual',
  'payload-too-long': 'manual',
  'unknown-version': 'manual',
  'unknown-suite': 'manual',
  'bad-length': 'manual',
  'reserved-bits': 'manual',
  'out-of-range': 'manual',
  'bad-psd': 'manual',
  'bad-postcode': 'manual',
  'bad-date': 'manual',
  'no-key': 'manual',
  'unknown-key': 'divert',
  'key-mismatch': 'divert',
  'suite-mismatch': 'divert',
  forged: 'divert',
  'key-not-yet-valid': 'divert',
  'expired-key': 'divert',
  'compromised-key': 'divert',
  'revoked-key': 'divert',
  'valid-but-revoked-key': 'manual',
  'expired-license': 'divert',
  'revoked-license': 'divert',
  'ungranted-psd': 'divert',
  'overspread-license': 'divert',
  'date-anomaly': 'manual',
  copy: 'divert',
  'possible-copy': 'manual',
  fork: 'divert',
};

/** The gravest disposition that any of the reasons asks for; none accepts. */
export function dispositionFor(reasons: readonly ReasonCode[]): Disposition {
  if (reasons.some((reason) => DISPOSITIONS[reason] === 'divert')) return 'divert';
  return reasons.length > 0 ? 'manual' : 'accept';
}
