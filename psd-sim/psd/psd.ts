import { confirm, type Franking, type FrankingRequest, frank, takeAnchor, takeTime } from './franking.ts';
import { ALL_GUARDS, type Guard, type PsdRefusal } from './guards.ts';
import {
  type Installed,
  installCertificate,
  installLicense,
  type LicenseOptions,
  type Requested,
  renewKey,
  requestLicense,
} from './licensing.ts';
import type { NonvolatileMemory } from './memory.ts';
import { cancelExport, type Exported, exportSet, importSet, releaseSet } from './moving.ts';
import { askRefill, audit, type SignedStatement, takeReceipt, takeRefill, withdraw } from './reset.ts';
import { SecureState } from './secure-state.ts';

/** What can be said to a PSD over its channel (WO 99/48053, Fig. 2: 30; Fig. 3: 41; Fig. 5: 45). */
export type PsdMessage =
  | { readonly type: 'time'; readonly message: string }
  | { readonly type: 'new-anchor'; readonly message: string }
  | ({ readonly type: 'request-license' } & LicenseOptions)
  | { readonly type: 'install-license'; readonly license: string }
  | { readonly type: 'install-certificate'; readonly license: number; readonly certificate: string }
  | { readonly type: 'renew-key'; readonly license: number }
  | ({ readonly type: 'frank' } & FrankingRequest)
  | { readonly type: 'printed'; readonly license: number; readonly pieceCount: bigint }
  | { readonly type: 'ask-refill'; readonly license: number; readonly amountMills: bigint }
  | { readonly type: 'refill'; readonly message: string }
  | { readonly type: 'audit'; readonly license: number }
  | { readonly type: 'withdraw'; readonly license: number }
  | { readonly type: 'withdrawal-receipt'; readonly message: string }
  | { readonly type: 'export'; readonly license: number }
  | { readonly type: 'stored'; readonly exportedSet: string }
  | { readonly type: 'cancel-export'; readonly license: number }
  | { readonly type: 'import'; readonly exportedSet: string; readonly license: string }
  | { readonly type: 'status' };

/** What anybody may know of a register set: the PSD shows it on its display. */
export interface SetStatus {
  readonly license: number;
  readonly state: string;
  readonly epoch: number;
  readonly pieceCount: bigint;
  readonly ascendingMills: bigint;
  readonly descendingMills: bigint | null;
  readonly spoiledPieces: number;
  /** The refill that was asked for and not answered yet; 0 when there is none. */
  readonly askedMills: bigint;
  /** Balance paid back by a set that left service. */
  readonly returnedMills: bigint;
  readonly keyId: number;
}

interface Status {
  readonly type: 'status';
  readonly clockMs: number;
  readonly freeRegisterSets: number;
  readonly sets: readonly SetStatus[];
}

export interface Done {
  readonly type: 'done';
  readonly what: (typeof DONE)[number];
}
export interface Refused {
  readonly type: 'refused';
  readonly reason: PsdRefusal;
}

/** What a PSD says for each message. */
export type PsdAnswer = Franking | Requested | Installed | Exported | SignedStatement | Status | Done | Refused;

/** The parts in the housing: memory, and a source of randomness that goes on when the power comes back. */
export interface Hardware {
  readonly memory: NonvolatileMemory;
  readonly entropy: () => Buffer;
}

/**
 * A postal security device. Nothing crosses its boundary but messages and their answers; keys and registers are within.
 * Making one on hardware that was used before is what happens when the power comes back.
 */
export class Psd {
  readonly name: string;
  readonly #state: SecureState;

  /** @throws PowerCut when the supply fails while the PSD recovers. */
  constructor({ memory, entropy }: Hardware, guards: ReadonlySet<Guard> = ALL_GUARDS) {
    this.#state = new SecureState(memory, entropy, guards);
    this.name = this.#state.name;
  }

  /** @throws PowerCut when the supply fails meanwhile: the PSD is dead until it is made anew. */
  receive(message: PsdMessage): PsdAnswer {
    const answer = answerTo(this.#state, message);
    if (typeof answer === 'object') return answer;
    return isDone(answer) ? { type: 'done', what: answer } : { type: 'refused', reason: answer };
  }
}

const DONE = [
  'time-taken',
  'anchor-taken',
  'certified',
  'confirmed',
  'refilled',
  'refill-refused',
  'withdrawn',
  'released',
  'canceled',
  'imported',
] as const;

function isDone(word: string): word is (typeof DONE)[number] {
  return DONE.some((done) => done === word);
}

function answerTo(
  state: SecureState,
  message: PsdMessage,
): Exclude<PsdAnswer, Done | Refused> | (typeof DONE)[number] | PsdRefusal {
  switch (message.type) {
    case 'frank':
      return frank(state, message);
    case 'printed':
      return confirm(state, message.license, message.pieceCount);
    case 'time':
      return takeTime(state, message.message);
    case 'new-anchor':
      return takeAnchor(state, message.message);
    case 'request-license':
      return requestLicense(state, optionsOf(message));
    case 'install-license':
      return installLicense(state, message.license);
    case 'install-certificate':
      return installCertificate(state, message.license, message.certificate);
    case 'renew-key':
      return renewKey(state, message.license);
    case 'ask-refill':
      return askRefill(state, message.license, message.amountMills);
    case 'refill':
      return takeRefill(state, message.message);
    case 'audit':
      return audit(state, message.license);
    case 'withdraw':
      return withdraw(state, message.license);
    case 'withdrawal-receipt':
      return takeReceipt(state, message.message);
    case 'export':
      return exportSet(state, message.license);
    case 'stored':
      return releaseSet(state, message.exportedSet);
    case 'cancel-export':
      return cancelExport(state, message.license);
    case 'import':
      return importSet(state, message.exportedSet, message.license);
    case 'status':
      return statusOf(state);
  }
}

function optionsOf({ holder, town, depositPostcode, existingLicense }: LicenseOptions): LicenseOptions {
  return { holder, town, depositPostcode, existingLicense };
}

function statusOf(state: SecureState): Status {
  const sets = state.slots.flatMap((slot) => {
    if (slot.set === null) return [];
    const { keyId } = slot.facts;
    const { license, state: where, epoch, pieceCount, ascendingMills, descendingMills } = slot.set;
    const { spoiledPieces, askedMills, returnedMills } = slot.set;
    const registers = { license, state: where, epoch, pieceCount, ascendingMills, descendingMills };
    return [{ ...registers, spoiledPieces, askedMills, returnedMills, keyId }];
  });
  return {
    type: 'status',
    clockMs: state.clockMs,
    freeRegisterSets: state.slots.length - sets.length,
    sets,
  };
}
