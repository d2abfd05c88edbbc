/**
 * The accounting of one license inside one PSD (WO 99/48053, Fig. 3: 51a to 55a). Amounts are mills. At all times
 * ascending + descending equals the credits received, where the country has a descending register.
 */
export interface RegisterSet {
  readonly license: number;
  readonly epoch: number;
  readonly pieceCount: bigint;
  readonly ascendingMills: bigint;
  /** Null in countries without a descending register. */
  readonly descendingMills: bigint | null;
}

export type DebitRefusal = 'insufficient-funds' | 'postage-not-positive' | 'register-full';

const REGISTER_MILLS_MAX = 2n ** 48n - 1n;

export function newRegisterSet(license: number, kind: 'prepaid' | 'postpaid'): RegisterSet {
  const descendingMills = kind === 'prepaid' ? 0n : null;
  return { license, epoch: 0, pieceCount: 0n, ascendingMills: 0n, descendingMills };
}

/** The state after one piece of that postage, or why it may not be franked. */
export function debit(set: RegisterSet, postageMills: bigint): RegisterSet | DebitRefusal {
  if (postageMills <= 0n) return 'postage-not-positive';
  if (set.descendingMills !== null && set.descendingMills < postageMills) return 'insufficient-funds';
  const ascendingMills = set.ascendingMills + postageMills;
  if (ascendingMills > REGISTER_MILLS_MAX) return 'register-full';
  return {
    ...set,
    pieceCount: set.pieceCount + 1n,
    ascendingMills,
    descendingMills: set.descendingMills === null ? null : set.descendingMills - postageMills,
  };
}

/** The state after a refill ("reset"). A set without a descending register keeps no credit. */
export function credit(set: RegisterSet, amountMills: bigint): RegisterSet {
  if (set.descendingMills === null) return set;
  const descendingMills = set.descendingMills + amountMills;
  if (amountMills <= 0n || descendingMills > REGISTER_MILLS_MAX) throw new RangeError(`cannot credit ${amountMills}`);
  return { ...set, descendingMills };
}
