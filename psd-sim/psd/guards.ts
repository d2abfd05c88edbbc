/**
 * Everything a PSD checks before it acts, but for what it could not act on at all: a set that is not there, a message that
 * is not one, a number that no record holds. A fraud switches one off, and the test of the PSD takes away each in turn
 * and must notice (test/psd-sim/patent-model.test.ts).
 */
export const GUARDS = [
  'funds',
  'positive-postage',
  'debit-before-print',
  'two-copies',
  'spoil-unconfirmed',
  'memory-limit',
  'time-signature',
  'time-forward',
  'license-was-requested',
  'license-for-this-psd',
  'license-authority-signature',
  'license-manufacturer-signature',
  'license-only-once',
  'certificate-signature',
  'certificate-of-own-key',
  'refill-signature',
  'refill-for-this-set',
  'refill-answers-challenge',
  'credit-fits',
  'only-live-sets-frank',
  'only-live-sets-refill',
  'only-live-sets-renew',
  'only-live-sets-leave',
  'only-live-sets-withdraw',
  'export-signature',
  'export-of-this-psd',
  'export-handle',
  'export-epoch',
  'import-license-signatures',
  'import-license-of-set',
  'export-encrypted',
  'anchor-signature',
  'anchor-newer',
  'anchor-by-newest-key',
  'anchor-forgets-stolen',
  'release-signature',
  'release-of-this-export',
  'no-withdrawal-during-refill',
  'receipt-signature',
  'receipt-for-this-psd',
  'receipt-for-withdrawn-set',
  'certified-before-franking',
  'withdrawn-for-good',
] as const;
export type Guard = (typeof GUARDS)[number];

export const ALL_GUARDS: ReadonlySet<Guard> = new Set(GUARDS);

export function withoutGuards(...missing: readonly Guard[]): ReadonlySet<Guard> {
  return new Set(GUARDS.filter((guard) => !missing.includes(guard)));
}

/** Why a PSD did not do what it was asked: a closed set. */
export const PSD_REFUSALS = [
  'malformed',
  'bad-signature',
  'no-such-license',
  'insufficient-funds',
  'postage-not-positive',
  'register-full',
  'not-in-service',
  'in-service',
  'not-certified',
  'no-time',
  'time-not-forward',
  'not-requested',
  'other-psd',
  'not-countersigned',
  'license-not-signed',
  'already-installed',
  'withdrawn-for-good',
  'memory-full',
  'certificate-not-signed',
  'certificate-of-other-key',
  'no-descending-register',
  'refill-under-way',
  'no-refill-asked',
  'other-challenge',
  'credit-does-not-fit',
  'not-exported',
  'export-altered',
  'export-unreadable',
  'export-stale',
  'license-of-other-set',
  'anchor-not-newer',
  'cannot-encode',
] as const;
export type PsdRefusal = (typeof PSD_REFUSALS)[number];
