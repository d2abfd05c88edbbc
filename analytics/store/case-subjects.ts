import type { Role } from '../../indicium/index.ts';

/**
 * What a kind of finding is about: the device, wherever it went; the license, whichever PSD it was on; marks that somebody may
 * have copied; the unknown maker of made-up marks, by where and when they came in; or the plant that recorded the scans.
 */
type CaseSubject = 'psd' | 'license' | 'marks' | 'maker' | 'plant';

interface KindOfCase {
  readonly subject: CaseSubject;
  /**
   * What the PSD or license that the finding is about has to do with it. `suspect` only where its own key signed what proves
   * the fraud: a photocopy, a made-up mark and the record of a plant are within a stranger's reach. What strangers can
   * make at will has `victim`.
   */
  readonly role: Role;
}

/** By the kind of finding; of kinds that inform there is no case, and nobody is suspected. docs/DETECTORS.md says why. */
export const CASE_SUBJECTS: Readonly<Record<string, KindOfCase>> = {
  'borrowed-name': { subject: 'psd', role: 'suspect' },
  'claimed-time': { subject: 'plant', role: 'unknown' },
  'cloned-id': { subject: 'marks', role: 'unknown' },
  'compromised-key': { subject: 'psd', role: 'unknown' },
  copy: { subject: 'marks', role: 'unknown' },
  'cross-key': { subject: 'maker', role: 'victim' },
  'doubtful-path': { subject: 'marks', role: 'unknown' },
  'expired-key': { subject: 'license', role: 'suspect' },
  'expired-license': { subject: 'license', role: 'suspect' },
  'faster-than-printer': { subject: 'psd', role: 'suspect' },
  forged: { subject: 'maker', role: 'victim' },
  fork: { subject: 'psd', role: 'suspect' },
  'future-date': { subject: 'license', role: 'unknown' },
  'omitted-descending': { subject: 'psd', role: 'suspect' },
  overspend: { subject: 'license', role: 'suspect' },
  'overspread-license': { subject: 'psd', role: 'suspect' },
  'plant-clock': { subject: 'plant', role: 'unknown' },
  'plant-scale': { subject: 'plant', role: 'unknown' },
  'refund-mailed': { subject: 'license', role: 'unknown' },
  'revoked-key': { subject: 'psd', role: 'suspect' },
  'revoked-license': { subject: 'license', role: 'suspect' },
  rollback: { subject: 'psd', role: 'suspect' },
  'short-postage': { subject: 'license', role: 'suspect' },
  'stale-date': { subject: 'license', role: 'unknown' },
  'standing-register': { subject: 'psd', role: 'suspect' },
  'suite-mismatch': { subject: 'maker', role: 'victim' },
  'two-places': { subject: 'psd', role: 'unknown' },
  'ungranted-psd': { subject: 'psd', role: 'suspect' },
  'unknown-key': { subject: 'maker', role: 'victim' },
  'unknown-rate': { subject: 'license', role: 'suspect' },
  'unreadable-share': { subject: 'plant', role: 'unknown' },
  'wrong-destination': { subject: 'license', role: 'unknown' },
  'wrong-town': { subject: 'license', role: 'suspect' },
};

/** To be joined by kind. */
export const KINDS_SQL = `(values ${Object.entries(CASE_SUBJECTS)
  .map(([kind, { subject, role }]) => `('${kind}', '${subject}', '${role}')`)
  .join(', ')}) as kinds (kind, subject, kind_role)`;
