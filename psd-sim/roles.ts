import type { FraudName } from './scenario.ts';

export const ROLES = ['suspect', 'victim', 'unknown'] as const;
/** What a license or PSD has to do with a fraud; unknown where its user and a stranger could have done the same. */
export type Role = (typeof ROLES)[number];

/** A license, a PSD or both, and their part in a fraud. */
export interface Part {
  readonly role: Role;
  readonly license: number | null;
  readonly psd: string | null;
}

/** The part of the license and of the PSD whose name a fraud bears, where the fraud itself says no more. */
const PART_OF_NAMED: Record<FraudName, readonly [license: Role, psd: Role]> = {
  copy: ['unknown', 'unknown'],
  'copy-far': ['unknown', 'unknown'],
  forged: ['victim', 'victim'],
  altered: ['unknown', 'unknown'],
  'cross-key': ['victim', 'victim'],
  fork: ['suspect', 'suspect'],
  rollback: ['suspect', 'suspect'],
  // The license is somebody else's; its document was copied.
  'ungranted-psd': ['victim', 'suspect'],
  'overspread-license': ['suspect', 'suspect'],
  overspend: ['suspect', 'suspect'],
  'refund-mailed': ['suspect', 'suspect'],
  'expired-license': ['suspect', 'suspect'],
  'revoked-license': ['suspect', 'suspect'],
  'compromised-key': ['suspect', 'suspect'],
  'revoked-key': ['suspect', 'suspect'],
  'wrong-town': ['suspect', 'suspect'],
  'wrong-destination': ['suspect', 'suspect'],
  'stale-date': ['suspect', 'suspect'],
  'short-postage': ['suspect', 'suspect'],
  'two-places': ['suspect', 'suspect'],
  'faster-than-printer': ['suspect', 'suspect'],
  'cloned-tag': ['unknown', 'unknown'],
  recirculated: ['unknown', 'unknown'],
  'placeholder-id': ['unknown', 'unknown'],
  'standing-register': ['suspect', 'suspect'],
  'omitted-descending': ['suspect', 'suspect'],
  'backdated-scan': ['victim', 'victim'],
  'framing-forged': ['victim', 'victim'],
  'framing-cross-key': ['victim', 'victim'],
  'framing-made-up': ['unknown', 'unknown'],
};

export function partsOf(fraud: FraudName, license: number, psd: string): readonly Part[] {
  const [ofLicense, ofPsd] = PART_OF_NAMED[fraud];
  if (ofLicense === ofPsd) return [{ role: ofLicense, license, psd }];
  return [
    { role: ofLicense, license, psd: null },
    { role: ofPsd, license: null, psd },
  ];
}
