import { sign } from 'node:crypto';
import { encodeMark, encodeSigned, type MarkFields } from './encoder.ts';
import type { KeyPair } from './key-pair.ts';
import { credit, type DebitRefusal, debit, type RegisterSet } from './register-set.ts';

export interface PsdIdentity {
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: number;
}

export function psdName({ manufacturer, model, serial }: PsdIdentity): string {
  return `${manufacturer}-${model}-${serial}`;
}

/** What the user asks for: one piece under one of the PSD's licenses. */
export interface FrankingRequest {
  readonly license: number;
  readonly postageMills: bigint;
  readonly rateCategory: number;
  readonly printedAtMs: number;
  readonly depositPostcode: string;
  readonly destinationPostcode: string | null;
}

export interface Franking {
  readonly payload: Buffer;
  readonly pieceCount: bigint;
}

export type FrankingRefusal = DebitRefusal | 'no-such-license';

interface Slot {
  registers: RegisterSet;
  readonly keyId: number;
  readonly keys: KeyPair;
}

const SUITE_P256 = 1;

/**
 * A postal security device with one register set and one key pair for each license (WO 99/48053, Fig. 3). The private
 * keys and registers are out of reach from outside; a mark is only made after its postage was debited.
 */
export class Psd {
  readonly identity: PsdIdentity;
  readonly #slots = new Map<number, Slot>();

  constructor(identity: PsdIdentity) {
    this.identity = identity;
  }

  get name(): string {
    return psdName(this.identity);
  }

  get licenses(): number[] {
    return [...this.#slots.keys()];
  }

  install(registers: RegisterSet, keyId: number, keys: KeyPair): void {
    if (this.#slots.has(registers.license)) throw new Error(`${this.name} already has license ${registers.license}`);
    this.#slots.set(registers.license, { registers, keyId, keys });
  }

  registers(license: number): RegisterSet | undefined {
    return this.#slots.get(license)?.registers;
  }

  refill(license: number, amountMills: bigint): void {
    const slot = this.#slots.get(license);
    if (slot === undefined) throw new Error(`${this.name} has no license ${license}`);
    slot.registers = credit(slot.registers, amountMills);
  }

  frank(request: FrankingRequest): Franking | FrankingRefusal {
    const slot = this.#slots.get(request.license);
    if (slot === undefined) return 'no-such-license';
    const debited = debit(slot.registers, request.postageMills);
    if (typeof debited === 'string') return debited;
    slot.registers = debited;
    const fields: MarkFields = {
      suite: SUITE_P256,
      keyId: slot.keyId,
      license: debited.license,
      ...this.identity,
      epoch: debited.epoch,
      pieceCount: debited.pieceCount,
      ascendingMills: debited.ascendingMills,
      descendingMills: debited.descendingMills,
      postageMills: request.postageMills,
      rateCategory: request.rateCategory,
      printedAtSeconds: Math.floor(request.printedAtMs / 1000),
      depositPostcode: request.depositPostcode,
      destinationPostcode: request.destinationPostcode,
    };
    const signed = encodeSigned(fields);
    const signature = sign('sha256', signed, { key: slot.keys.privateKey, dsaEncoding: 'ieee-p1363' });
    return { payload: encodeMark(signed, SUITE_P256, signature), pieceCount: debited.pieceCount };
  }

  /** What a thief finds who breaks the housing open: the key of one license, and its id. */
  brokenOpen(license: number): Pick<Slot, 'keyId' | 'keys'> {
    const slot = this.#slots.get(license);
    if (slot === undefined) throw new Error(`${this.name} has no license ${license}`);
    return { keyId: slot.keyId, keys: slot.keys };
  }

  /** The fraud of a broken-open housing: a second device with the same identity, keys and registers. */
  cloned(): Psd {
    const clone = new Psd(this.identity);
    for (const [license, slot] of this.#slots) clone.#slots.set(license, { ...slot });
    return clone;
  }
}
