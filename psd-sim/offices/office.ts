import type { KeyObject } from 'node:crypto';
import { type KeyPair, keyPairFrom, publicKeyFrom } from '../key-pair.ts';
import { NewAnchor, type Role } from '../messages/kinds.ts';
import { type MessageKind, parseJson, seal } from '../messages/sealed.ts';

/** Why an office did not do what it was asked: a closed set. The answer is not signed: it can only delay. */
export const OFFICE_REFUSALS = [
  'malformed',
  'bad-signature',
  'unknown-message',
  'unknown-psd',
  'unknown-license',
  'unknown-key',
  'not-the-holder',
  'not-at-that-town',
  'psd-limit-reached',
  'license-revoked',
  'request-altered',
  'control-total-mismatch',
  'registers-went-back',
  'authority-refused',
  'already-withdrawn',
  'already-refunded',
] as const;
export type OfficeRefusal = (typeof OFFICE_REFUSALS)[number];

/** Takes a message and answers it; both are text, so that an office can stand behind any link. */
export type Link = (message: string) => Promise<string>;

const REFUSED = 'refused';

export function refusal(reason: OfficeRefusal): string {
  return JSON.stringify({ type: REFUSED, reason });
}

/** The reason in an answer that is a refusal; null for any other text. */
export function refusalIn(answer: string): OfficeRefusal | null {
  if (!answer.startsWith(`{"type":"${REFUSED}"`)) return null;
  const value = parseJson(answer);
  const reason = typeof value === 'object' && value !== null && 'reason' in value ? value.reason : null;
  return OFFICE_REFUSALS.find((known) => known === reason) ?? null;
}

/** An office signs with a key that it replaces from time to time; others keep its earlier ones to check what they have. */
export class OfficeKeys {
  readonly #role: Role;
  readonly #seedOf: (number: number) => Buffer;
  #pairs: readonly KeyPair[];
  #publicKeys: readonly KeyObject[];
  #number = 1;

  constructor(role: Role, seedOf: (number: number) => Buffer) {
    this.#role = role;
    this.#seedOf = seedOf;
    this.#pairs = [keyPairFrom(seedOf(1))];
    this.#publicKeys = publicKeysOf(this.#pairs);
  }

  get current(): KeyPair {
    const [newest] = this.#pairs;
    if (newest === undefined) throw new Error('an office has a key');
    return newest;
  }

  /** All public keys whose signatures are still good, the newest first. */
  get publicKeys(): readonly KeyObject[] {
    return this.#publicKeys;
  }

  get anchor(): { readonly number: number; readonly spkis: readonly string[] } {
    return { number: this.#number, spkis: this.#pairs.map(({ spki }) => spki.toString('base64')) };
  }

  seal<Body>(kind: MessageKind<Body>, body: Body): string {
    return seal(kind, body, this.current.privateKey);
  }

  /**
   * A new key; the message tells the PSDs, signed with the key before it. After a theft another office signs it, and
   * nothing that the stolen key signed is good any more.
   */
  rotate(afterTheft: { readonly vouchedFor: KeyPair } | null = null): string {
    const voucher = afterTheft?.vouchedFor ?? this.current;
    const keepsEarlier = afterTheft === null;
    this.#number += 1;
    const next = keyPairFrom(this.#seedOf(this.#number));
    this.#pairs = keepsEarlier ? [next, ...this.#pairs] : [next];
    this.#publicKeys = publicKeysOf(this.#pairs);
    const body = { role: this.#role, number: this.#number, spki: next.spki.toString('base64'), keepsEarlier };
    return seal(NewAnchor, body, voucher.privateKey);
  }
}

function publicKeysOf(pairs: readonly KeyPair[]): readonly KeyObject[] {
  return pairs.map(({ spki }) => publicKeyFrom(spki));
}
