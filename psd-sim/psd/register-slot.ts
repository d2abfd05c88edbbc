import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { PrivateKey } from '../ecdsa.ts';
import { type KeyPair, keyPairFrom } from '../key-pair.ts';
import { Cell } from './cell.ts';
import { decodeRegisters, encodeRegisters, REGISTER_RECORD_BYTES } from './register-record.ts';
import { type RegisterSet, spoilUnconfirmed } from './register-set.ts';

/** What does not change from piece to piece: the license's town, the key pair and its certificate. */
const Facts = Type.Object({
  /** "Town die" that the license implies (WO 99/48053, Fig. 3). */
  depositPostcode: Type.String(),
  keySeed: Type.String(),
  /** Serial number of the certificate; 0 until the key is certified. */
  keyId: Type.Integer(),
  /** DER, base64. */
  certificate: Type.String(),
  /** A new key pair that is not certified yet. */
  nextKeySeed: Type.Union([Type.String(), Type.Null()]),
});
export type Facts = Static<typeof Facts>;
const factsCheck = Compile(Facts);

const FACTS_BYTES = 1_000;

/** Place for one register set in the secure memory (Fig. 3: 51a, b, c). */
export class RegisterSlot {
  readonly #registers: Cell;
  readonly #facts: Cell;
  #set: RegisterSet | null;
  #known: Facts | null;
  /** Key pairs by their seeds: making one takes a quarter of a millisecond. */
  readonly #pairs = new Map<string, KeyPair>();
  #privateKey: PrivateKey | null = null;

  /** Bytes written for one debit. */
  static readonly debitBytes = Cell.bytes(REGISTER_RECORD_BYTES) / 2;
  static readonly bytes = Cell.bytes(REGISTER_RECORD_BYTES) + Cell.bytes(FACTS_BYTES);

  constructor(cell: (capacity: number) => Cell) {
    this.#registers = cell(REGISTER_RECORD_BYTES);
    this.#facts = cell(FACTS_BYTES);
    const record = this.#registers.read();
    this.#set = record === null ? null : decodeRegisters(record);
    this.#known = parseFacts(this.#facts.read());
  }

  get set(): RegisterSet | null {
    return this.#set;
  }

  /** @throws Error when there is no register set. */
  get facts(): Facts {
    if (this.#known === null) throw new Error('a register set without its key pair');
    return this.#known;
  }

  get privateKey(): PrivateKey {
    this.#privateKey ??= this.pairFrom(this.facts.keySeed).privateKey;
    return this.#privateKey;
  }

  pairFrom(seed: string): KeyPair {
    const known = this.#pairs.get(seed);
    if (known !== undefined) return known;
    const pair = keyPairFrom(Buffer.from(seed, 'base64'));
    this.#pairs.set(seed, pair);
    return pair;
  }

  /** Writes the registers: the moment from which a change holds. */
  write(set: RegisterSet): void {
    this.#registers.write(encodeRegisters(set));
    this.#set = set;
  }

  writeFacts(facts: Facts): void {
    this.#facts.write(Buffer.from(JSON.stringify(facts)));
    this.#known = facts;
    this.#privateKey = null;
  }

  /** Key pair first: without registers it counts for nothing. */
  fill(set: RegisterSet, facts: Facts): void {
    this.writeFacts(facts);
    this.write(set);
  }

  clear(): void {
    this.#registers.erase();
    this.#set = null;
    this.#facts.erase();
    this.#known = null;
    this.#privateKey = null;
    this.#pairs.clear();
  }

  recover(spoils: boolean): void {
    if (this.#set === null) {
      if (this.#known !== null) this.clear();
      return;
    }
    const settled = spoils ? spoilUnconfirmed(this.#set) : this.#set;
    if (settled !== this.#set) this.write(settled);
  }
}

export function parseFacts(bytes: Buffer | null): Facts | null {
  if (bytes === null) return null;
  const value: unknown = JSON.parse(bytes.toString());
  if (!factsCheck.Check(value)) throw new Error('the memory of the PSD is damaged');
  return value;
}

export function isFilled(slot: RegisterSlot): slot is RegisterSlot & { readonly set: RegisterSet } {
  return slot.set !== null;
}
