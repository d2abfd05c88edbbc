import { Audit, RefillCredit, RefillRefusal, RefillRequest, Withdrawal, WithdrawalReceipt } from '../messages/kinds.ts';
import { isSealFailure, seal, typeOf } from '../messages/sealed.ts';
import { verified } from './franking.ts';
import type { PsdRefusal } from './guards.ts';
import { credit, creditFits, NO_NONCE, type RegisterSet, spoilUnconfirmed } from './register-set.ts';
import { isFilled, type RegisterSlot } from './register-slot.ts';
import type { SecureState } from './secure-state.ts';

export interface SignedStatement {
  readonly type: 'stated';
  readonly statement: string;
}

/**
 * First half of a reset ("refill", claim 1): the request names the license and both registers. A request that was not
 * answered yet is given out again, however often, so that a lost answer is never paid for twice.
 */
export function askRefill(state: SecureState, license: number, amountMills: bigint): SignedStatement | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  if (slot.set.state !== 'live' && state.has('only-live-sets-refill')) return 'not-in-service';
  if (slot.set.descendingMills === null) return 'no-descending-register';
  if (slot.set.askedMills === 0n) {
    if (!creditFits(slot.set, amountMills) && state.has('credit-fits')) return 'credit-does-not-fit';
    const refillNumber = slot.set.refillNumber + 1;
    slot.write({ ...slot.set, challenge: state.nonce(), askedMills: amountMills, refillNumber });
  }
  const { set } = slot;
  const { challenge, refillNumber } = set;
  const body = { ...statementOf(state, set), challenge, refillNumber, amountMills: String(set.askedMills) };
  return { type: 'stated', statement: seal(RefillRequest, body, state.device.privateKey) };
}

/** Second half: the manufacturer's answer, bound to PSD, license and challenge, is applied once or not at all. */
export function takeRefill(state: SecureState, message: string): 'refilled' | 'refill-refused' | PsdRefusal {
  const publicKeys = state.anchorKeys('manufacturer');
  if (typeOf(message) === RefillRefusal.type) {
    const refused = verified(state, 'refill-signature', message, RefillRefusal, publicKeys);
    if (isSealFailure(refused)) return refused;
    const slot = answeredSlot(state, refused);
    if (typeof slot === 'string') return slot;
    slot.write({ ...slot.set, challenge: NO_NONCE, askedMills: 0n });
    return 'refill-refused';
  }
  const granted = verified(state, 'refill-signature', message, RefillCredit, publicKeys);
  if (isSealFailure(granted)) return granted;
  const slot = answeredSlot(state, granted);
  if (typeof slot === 'string') return slot;
  const amountMills = BigInt(granted.amountMills);
  if (!creditFits(slot.set, amountMills) && state.has('credit-fits')) return 'credit-does-not-fit';
  slot.write(credit(slot.set, amountMills));
  return 'refilled';
}

/** The set whose question this answers. */
function answeredSlot(
  state: SecureState,
  answer: { readonly psd: string; readonly license: number; readonly challenge: string },
): (RegisterSlot & { readonly set: RegisterSet }) | PsdRefusal {
  if (state.has('refill-for-this-set') && answer.psd !== state.name) return 'other-psd';
  const slot = state.slotOf(answer.license);
  if (slot === undefined || !isFilled(slot)) return 'no-such-license';
  if (slot.set.state !== 'live' && state.has('only-live-sets-refill')) return 'not-in-service';
  if (state.has('refill-answers-challenge')) {
    if (slot.set.askedMills === 0n) return 'no-refill-asked';
    if (slot.set.challenge !== answer.challenge) return 'other-challenge';
  }
  return slot;
}

/** Both registers, signed: what the manufacturer audits, and what is billed where there is no descending register. */
export function audit(state: SecureState, license: number): SignedStatement | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  const { set } = slot;
  const body = {
    ...statementOf(state, set),
    spoiledPieces: set.spoiledPieces,
    spoiledMills: String(set.spoiledMills),
    clockMs: state.clockMs,
  };
  return { type: 'stated', statement: seal(Audit, body, state.device.privateKey) };
}

/** Takes a set out of service for good and states the balance to be paid back; given out again until it is received. */
export function withdraw(state: SecureState, license: number): SignedStatement | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  const { state: where } = slot.set;
  if (where !== 'live' && where !== 'withdrawn' && state.has('only-live-sets-withdraw')) return 'not-in-service';
  if (where !== 'withdrawn') {
    // A refill that was paid for may still be on its way: first it must arrive, or be refused.
    if (slot.set.askedMills > 0n && state.has('no-withdrawal-during-refill')) return 'refill-under-way';
    if (!state.hasRoomForWithdrawal()) return 'memory-full';
    slot.write(emptied(state, slot.set));
  }
  const body = { ...statementOf(state, slot.set), returnedMills: String(slot.set.returnedMills) };
  return { type: 'stated', statement: seal(Withdrawal, body, state.device.privateKey) };
}

/** The manufacturer has the withdrawal: the place becomes free, the counters stay used. */
export function takeReceipt(state: SecureState, message: string): 'withdrawn' | PsdRefusal {
  const receipt = verified(state, 'receipt-signature', message, WithdrawalReceipt, state.anchorKeys('manufacturer'));
  if (isSealFailure(receipt)) return receipt;
  if (receipt.psd !== state.name && state.has('receipt-for-this-psd')) return 'other-psd';
  const slot = state.slotOf(receipt.license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  if (state.has('receipt-for-withdrawn-set') && slot.set.state !== 'withdrawn') return 'in-service';
  state.noteWithdrawn(slot.set.license);
  slot.clear();
  return 'withdrawn';
}

function emptied(state: SecureState, set: RegisterSet): RegisterSet {
  const settled = state.has('spoil-unconfirmed') ? spoilUnconfirmed(set) : set;
  const returnedMills = settled.descendingMills ?? 0n;
  const descendingMills = settled.descendingMills === null ? null : 0n;
  return { ...settled, state: 'withdrawn', returnedMills, descendingMills };
}

function statementOf(state: SecureState, set: RegisterSet) {
  return {
    psd: state.name,
    license: set.license,
    epoch: set.epoch,
    pieceCount: String(set.pieceCount),
    ascendingMills: String(set.ascendingMills),
    descendingMills: set.descendingMills === null ? null : String(set.descendingMills),
  };
}
