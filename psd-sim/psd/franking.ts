import type { KeyObject } from 'node:crypto';
import { NewAnchor, type Role, SignedTime } from '../messages/kinds.ts';
import { contentsOf, isSealFailure, type SealFailure, unseal } from '../messages/sealed.ts';
import { encodeMark, encodeSigned } from './encoder.ts';
import type { PsdRefusal } from './guards.ts';
import { confirmPrinted, debit, debitRefusal } from './register-set.ts';
import type { SecureState } from './secure-state.ts';

/** What the user asks for: one piece under one of the PSD's licenses. The town is the license's, the time the PSD's. */
export interface FrankingRequest {
  readonly license: number;
  readonly postageMills: bigint;
  readonly rateCategory: number;
  /** Null when the piece is not addressed. */
  readonly destinationPostcode: string | null;
}

export interface Franking {
  readonly type: 'franked';
  readonly payload: Buffer;
  readonly pieceCount: bigint;
  readonly printedAtMs: number;
}

const SUITE_P256 = 1;

/**
 * Franks one piece (WO 99/48053, claim 1: debits the ascending register, counts the piece, makes an authenticated
 * indicium). The debit is written before there is a mark, so a power cut can lose a mark but never a debit.
 */
export function frank(state: SecureState, request: FrankingRequest): Franking | PsdRefusal {
  const slot = state.slotOf(request.license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  const { set, facts } = slot;
  if (state.has('only-live-sets-frank') && set.state !== 'live') return 'not-in-service';
  if (facts.keyId === 0 && state.has('certified-before-franking')) return 'not-certified';
  if (state.clockMs === 0) return 'no-time';
  const refusal = debitRefusal(set, request.postageMills);
  if (refusal === 'register-full') return refusal;
  if (refusal === 'insufficient-funds' && state.has('funds')) return refusal;
  if (refusal === 'postage-not-positive' && state.has('positive-postage')) return refusal;
  const debited = debit(set, request.postageMills);
  const signed = encodedOrNull(() =>
    encodeSigned({
      suite: SUITE_P256,
      keyId: facts.keyId,
      license: debited.license,
      ...state.rom.identity,
      epoch: debited.epoch,
      pieceCount: debited.pieceCount,
      ascendingMills: debited.ascendingMills,
      descendingMills: debited.descendingMills,
      postageMills: request.postageMills,
      rateCategory: request.rateCategory,
      printedAtSeconds: Math.floor(state.clockMs / 1000),
      depositPostcode: facts.depositPostcode,
      destinationPostcode: request.destinationPostcode,
    }),
  );
  if (signed === null) return 'cannot-encode';
  if (state.has('debit-before-print')) slot.write(debited);
  const payload = encodeMark(signed, SUITE_P256, slot.privateKey.sign(signed));
  return { type: 'franked', payload, pieceCount: debited.pieceCount, printedAtMs: state.clockMs };
}

/** The printer has put the mark on paper; a piece without this counts as spoiled from the next event on. */
export function confirm(state: SecureState, license: number, pieceCount: bigint): 'confirmed' | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  if (slot.set.pieceCount === pieceCount && slot.set.unconfirmedMills > 0n) slot.write(confirmPrinted(slot.set));
  return 'confirmed';
}

/** The PSD has no clock of its own (WO 98/08325): time comes signed, and only forward. */
export function takeTime(state: SecureState, message: string): 'time-taken' | PsdRefusal {
  const time = verified(state, 'time-signature', message, SignedTime, state.anchorKeys('manufacturer'));
  if (isSealFailure(time)) return time;
  if (state.has('time-forward') && time.timeMs <= state.clockMs) return 'time-not-forward';
  state.setClock(time.timeMs);
  return 'time-taken';
}

/** An office has a new key: its old one vouches for it, or the manufacturer's. */
export function takeAnchor(state: SecureState, message: string): 'anchor-taken' | PsdRefusal {
  const claimed = contentsOf(NewAnchor, message);
  if (claimed === null) return 'malformed';
  const anchor = verified(state, 'anchor-signature', message, NewAnchor, [
    ...vouchers(state, 'manufacturer'),
    ...vouchers(state, claimed.role),
  ]);
  if (isSealFailure(anchor)) return anchor;
  if (state.has('anchor-newer') && anchor.number <= state.anchorNumber(anchor.role)) return 'anchor-not-newer';
  const keepsEarlier = anchor.keepsEarlier || !state.has('anchor-forgets-stolen');
  const earlier = keepsEarlier ? state.anchorSpkis(anchor.role).slice(0, EARLIER_KEYS_MAX) : [];
  state.setAnchor(anchor.role, anchor.number, [anchor.spki, ...earlier]);
  return 'anchor-taken';
}

/** Keys that an office used before: with yearly replacement, two cover every license that is still in force. */
const EARLIER_KEYS_MAX = 2;

/** An office's earlier keys still check what they signed; none of them brings in a new one. */
function vouchers(state: SecureState, role: Role): readonly KeyObject[] {
  const publicKeys = state.anchorKeys(role);
  return state.has('anchor-by-newest-key') ? publicKeys.slice(0, 1) : publicKeys;
}

/** The contents of a message whose signature that guard looks at. */
export function verified<Body>(
  state: SecureState,
  guard: Parameters<SecureState['has']>[0],
  message: string,
  kind: Parameters<typeof unseal<Body>>[0],
  publicKeys: readonly KeyObject[],
): Body | SealFailure {
  if (!state.has(guard)) return contentsOf(kind, message) ?? 'malformed';
  return unseal(kind, message, ...publicKeys);
}

/** The encoder refuses what no mark can hold: a postage beyond 32 bits, a postcode of other characters. */
function encodedOrNull(encode: () => Buffer): Buffer | null {
  try {
    return encode();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
