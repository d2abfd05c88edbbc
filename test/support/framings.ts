import type { Scan } from '../../indicium/index.ts';
import type { MarkFields } from '../../psd-sim/psd/encoder.ts';
import { PRINTED_AT_MS, type RegistryRecords } from './marks.ts';

const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;
const NOW_SECONDS = PRINTED_AT_MS / 1000;
const CHANGE_AT_MS = PRINTED_AT_MS + 10 * DAY_MS;
const AFTER_CHANGE = { printedAtSeconds: NOW_SECONDS + 11 * DAY_SECONDS };

/** In which role somebody gets an innocent named; `nothing` where the detector does not speak of him. */
export type Reached = 'nothing' | 'victim' | 'unknown';

/** A mark that would prove a kind of fraud if the key of the one that it names had signed it, and how it is scanned. */
export interface Proof {
  readonly mark: Partial<MarkFields>;
  readonly scan?: Partial<Scan>;
}

/** What strangers can make one kind of finding say of an innocent: the table in docs/DETECTORS.md. */
export interface Framing {
  /** For somebody who only posts mail: photocopies, and marks that he made up. */
  readonly mail: Reached;
  /** For the holder of the token of one plant, who writes down of its mail what he likes. */
  readonly token: Reached;
  /** What a PSD of his own adds: genuine signatures, by its key. */
  readonly psd: Reached;
  readonly proofs?: readonly Proof[];
  readonly registry?: (records: RegistryRecords) => Partial<RegistryRecords>;
}

const NOBODY = { mail: 'nothing', token: 'nothing', psd: 'nothing' } as const;

export const FRAMINGS: Readonly<Record<string, Framing>> = {
  'borrowed-name': NOBODY,
  'claimed-time': NOBODY,
  'cloned-id': { mail: 'unknown', token: 'unknown', psd: 'nothing' },
  'compromised-key': {
    ...NOBODY,
    proofs: [{ mark: AFTER_CHANGE }],
    registry: ({ keys }) => ({ keys: keys.map((key) => ({ ...key, compromisedFromMs: CHANGE_AT_MS })) }),
  },
  copy: { mail: 'unknown', token: 'unknown', psd: 'nothing' },
  coverage: { ...NOBODY, proofs: [{ mark: { pieceCount: 900n } }] },
  'cross-key': { mail: 'victim', token: 'victim', psd: 'nothing' },
  'doubtful-path': { mail: 'unknown', token: 'unknown', psd: 'nothing' },
  'expired-key': {
    ...NOBODY,
    proofs: [{ mark: AFTER_CHANGE }],
    registry: ({ keys }) => ({ keys: keys.map((key) => ({ ...key, validToMs: CHANGE_AT_MS })) }),
  },
  'expired-license': {
    ...NOBODY,
    proofs: [{ mark: AFTER_CHANGE }],
    registry: ({ licenses }) => ({ licenses: licenses.map((one) => ({ ...one, validToMs: CHANGE_AT_MS })) }),
  },
  'faster-than-printer': { ...NOBODY, proofs: [{ mark: { pieceCount: 50_000n } }] },
  forged: { mail: 'victim', token: 'victim', psd: 'victim' },
  fork: { ...NOBODY, proofs: [{ mark: { pieceCount: 3n, postageMills: 1_010n } }] },
  'future-date': {
    mail: 'nothing',
    token: 'unknown',
    psd: 'nothing',
    proofs: [{ mark: {}, scan: { scannedAtMs: PRINTED_AT_MS - 3 * DAY_MS } }],
  },
  'omitted-descending': { ...NOBODY, proofs: [{ mark: { descendingMills: null } }] },
  overspend: { ...NOBODY, proofs: [{ mark: { descendingMills: 2_000_000_000n } }] },
  'overspread-license': {
    ...NOBODY,
    proofs: [{ mark: AFTER_CHANGE }],
    registry: ({ grants, licenses }) => ({
      licenses: licenses.map((one) => ({ ...one, psdLimit: 1 })),
      // Taken from its PSD and given to another; then given back while the other still has it.
      grants: grants.flatMap((grant) => [
        { ...grant, endedAtMs: CHANGE_AT_MS - DAY_MS },
        { ...grant, psd: '06-2S-9', grantedAtMs: CHANGE_AT_MS - DAY_MS },
        { ...grant, grantedAtMs: CHANGE_AT_MS },
      ]),
    }),
  },
  'plant-clock': NOBODY,
  'plant-scale': NOBODY,
  'refund-mailed': {
    mail: 'unknown',
    token: 'unknown',
    psd: 'nothing',
    registry: ({ grants }) => ({
      refunds: grants.map(({ license, psd }) => ({
        license,
        psd,
        pieceCount: 2n,
        amountMills: 730,
        refundedAtMs: PRINTED_AT_MS,
      })),
    }),
  },
  'revoked-key': {
    ...NOBODY,
    proofs: [{ mark: AFTER_CHANGE }],
    registry: ({ keys }) => ({ keys: keys.map((key) => ({ ...key, revokedAtMs: CHANGE_AT_MS })) }),
  },
  'revoked-license': {
    ...NOBODY,
    proofs: [{ mark: AFTER_CHANGE }],
    registry: ({ licenses }) => ({ licenses: licenses.map((one) => ({ ...one, revokedAtMs: CHANGE_AT_MS })) }),
  },
  rollback: { ...NOBODY, proofs: [{ mark: { pieceCount: 7n, ascendingMills: 730n } }] },
  'short-postage': { mail: 'unknown', token: 'unknown', psd: 'nothing', proofs: [{ mark: { postageMills: 10n } }] },
  'stale-date': { mail: 'unknown', token: 'unknown', psd: 'nothing' },
  'standing-register': { ...NOBODY, proofs: [{ mark: { pieceCount: 9n, ascendingMills: 3_650n } }] },
  'suite-mismatch': { mail: 'victim', token: 'victim', psd: 'nothing' },
  'two-places': { mail: 'unknown', token: 'unknown', psd: 'nothing' },
  'ungranted-psd': {
    ...NOBODY,
    proofs: [{ mark: AFTER_CHANGE }],
    registry: ({ grants }) => ({ grants: grants.map((grant) => ({ ...grant, endedAtMs: CHANGE_AT_MS })) }),
  },
  'unknown-key': { mail: 'victim', token: 'victim', psd: 'nothing' },
  'unknown-rate': { ...NOBODY, proofs: [{ mark: { rateCategory: 999 } }] },
  'unreadable-share': NOBODY,
  'volume-change': {
    ...NOBODY,
    proofs: [1, 2, 3, 4, 5, 6].flatMap((day) =>
      [0n, day === 6 ? 800n : 10n].map((further) => ({
        mark: { pieceCount: BigInt(day * 20) + further, printedAtSeconds: NOW_SECONDS + day * DAY_SECONDS },
      })),
    ),
  },
  'wrong-destination': { mail: 'unknown', token: 'unknown', psd: 'nothing' },
  'wrong-town': { mail: 'unknown', token: 'unknown', psd: 'nothing', proofs: [{ mark: { depositPostcode: '75034' } }] },
};
