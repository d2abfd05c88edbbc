import { printable } from '../../indicium/index.ts';

/** Why a trust list, or the root that says who may sign it, is not believed or not put in place: a closed set. */
export const TRUST_FAILURES = {
  'trust-malformed': 'It is not a signed document of the expected kind.',
  'trust-too-large': 'It is larger than such a document may be, or than its signed length.',
  'trust-unsigned': 'Too few of the keys that may sign it have signed it.',
  'trust-expired': 'It has expired: the server that delivers it may be holding back a newer one.',
  'trust-rollback': 'It is older than one that was accepted before.',
  'trust-split': 'It contradicts what was accepted before: somebody is shown another history.',
  'trust-inconsistent': 'Its parts do not belong together.',
  'trust-missing': 'A part of it is missing.',
  'trust-unreachable': 'It cannot be fetched from where it is published.',
  'trust-busy': 'Another pull is at work in the folder.',
  'trust-unwritable': 'It was not put in place: the folder cannot be written.',
} as const;

export type TrustFailure = keyof typeof TRUST_FAILURES;

export interface TrustRefusal {
  readonly failure: TrustFailure;
  /** What exactly, with names and numbers. */
  readonly detail: string;
}

/** `detail` may quote the document, which comes from outside: it is made one printable line. */
export function refuse(failure: TrustFailure, detail: string): TrustRefusal {
  return { failure, detail: printable(detail) };
}

export function isRefusal(value: object): value is TrustRefusal {
  return 'failure' in value;
}
