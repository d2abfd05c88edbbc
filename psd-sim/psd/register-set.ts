/** Where a register set is: in service, on its way to the nonsecure store, stored there, or out of service for good. */
export const SET_STATES = ['live', 'leaving', 'away', 'withdrawn'] as const;
type SetState = (typeof SET_STATES)[number];

/**
 * The accounting of one license inside one PSD (WO 99/48053, Fig. 3: 51a to 55a), and what the PSD must remember with
 * it. Amounts are mills. At all times ascending + descending equals credits less what was returned, where the country
 * has a descending register.
 */
export interface RegisterSet {
  readonly license: number;
  readonly state: SetState;
  /** Raised whenever the set leaves or comes back, so that an old copy of it shows. */
  readonly epoch: number;
  readonly pieceCount: bigint;
  readonly ascendingMills: bigint;
  /** Null in countries without a descending register. */
  readonly descendingMills: bigint | null;
  /** Balance paid back when the set was withdrawn. */
  readonly returnedMills: bigint;
  /** Postage of the last piece until it is known to be printed; then 0. */
  readonly unconfirmedMills: bigint;
  /** Pieces debited and, as far as is known, not printed. */
  readonly spoiledPieces: number;
  readonly spoiledMills: bigint;
  /** The refill that was asked for and not yet answered; amount 0 when there is none. */
  readonly challenge: string;
  /** Number of that question, which rises with each: an old one can not be asked again. */
  readonly refillNumber: number;
  readonly askedMills: bigint;
  /** One-time handle of the export that may come back; all zero when there is none. */
  readonly handle: string;
}

type DebitRefusal = 'insufficient-funds' | 'postage-not-positive' | 'register-full';

export const REGISTER_MILLS_MAX = 2n ** 48n - 1n;
export const NO_NONCE = '0'.repeat(32);

export function newRegisterSet(license: number, payment: 'prepaid' | 'postpaid'): RegisterSet {
  return {
    license,
    state: 'live',
    epoch: 0,
    pieceCount: 0n,
    ascendingMills: 0n,
    descendingMills: payment === 'prepaid' ? 0n : null,
    returnedMills: 0n,
    unconfirmedMills: 0n,
    spoiledPieces: 0,
    spoiledMills: 0n,
    challenge: NO_NONCE,
    refillNumber: 0,
    askedMills: 0n,
    handle: NO_NONCE,
  };
}

/** The state after one piece of that postage. What the piece before it cost is spoiled unless it was confirmed. */
export function debit(set: RegisterSet, postageMills: bigint): RegisterSet {
  return {
    ...spoilUnconfirmed(set),
    pieceCount: set.pieceCount + 1n,
    ascendingMills: set.ascendingMills + postageMills,
    // A register of six bytes wraps; debitRefusal is what keeps it from that.
    descendingMills: set.descendingMills === null ? null : BigInt.asUintN(48, set.descendingMills - postageMills),
    unconfirmedMills: postageMills,
  };
}

/** Why a piece of that postage may not be franked; null when it may. */
export function debitRefusal(set: RegisterSet, postageMills: bigint): DebitRefusal | null {
  if (postageMills <= 0n) return 'postage-not-positive';
  if (set.descendingMills !== null && set.descendingMills < postageMills) return 'insufficient-funds';
  return set.ascendingMills + postageMills > REGISTER_MILLS_MAX ? 'register-full' : null;
}

export function confirmPrinted(set: RegisterSet): RegisterSet {
  return { ...set, unconfirmedMills: 0n };
}

/** A piece that was debited and never confirmed counts as spoiled; its counter is not used again. */
export function spoilUnconfirmed(set: RegisterSet): RegisterSet {
  if (set.unconfirmedMills === 0n) return set;
  return {
    ...set,
    unconfirmedMills: 0n,
    spoiledPieces: set.spoiledPieces + 1,
    spoiledMills: set.spoiledMills + set.unconfirmedMills,
  };
}

/** The state after a refill ("reset"), which answers the challenge and uses it up. */
export function credit(set: RegisterSet, amountMills: bigint): RegisterSet {
  const descendingMills = (set.descendingMills ?? 0n) + amountMills;
  return { ...set, descendingMills, challenge: NO_NONCE, askedMills: 0n };
}

export function creditFits(set: RegisterSet, amountMills: bigint): boolean {
  return set.descendingMills !== null && amountMills > 0n && set.descendingMills + amountMills <= REGISTER_MILLS_MAX;
}
