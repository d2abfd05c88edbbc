import { createHash } from 'node:crypto';
import type { PrivateKey } from '../ecdsa.ts';
import { keyPairFrom } from '../key-pair.ts';
import { ALL_GUARDS } from './guards.ts';
import { NonvolatileMemory } from './memory.ts';
import type { Hardware } from './psd.ts';
import type { Anchors, PsdIdentity } from './secure-records.ts';
import { SecureState } from './secure-state.ts';

interface Blueprint {
  readonly identity: PsdIdentity;
  /** Limit of register sets within (Fig. 5: a PSD may lack memory for as many as its user wants). */
  readonly registerSets: number;
  readonly anchors: Anchors;
  /** Seed of all that is random within this one PSD. */
  readonly seed: Buffer;
}

export interface Manufactured {
  readonly hardware: Hardware;
  /** DER SubjectPublicKeyInfo of the key with which the PSD signs its messages; the manufacturer keeps it. */
  readonly deviceSpki: Buffer;
}

/** Makes the parts of a PSD: identity, keys and the offices' public keys are burnt in. */
export function manufacturePsd({ identity, registerSets, anchors, seed }: Blueprint): Manufactured {
  const entropy = entropyFrom(seed);
  const memory = new NonvolatileMemory(SecureState.memoryBytes(registerSets));
  const deviceSeed = entropy();
  const rom = {
    identity,
    deviceSeed: deviceSeed.toString('base64'),
    storageKey: entropy().toString('base64'),
    registerSets,
  };
  SecureState.burnIn(memory, rom, anchors);
  return { hardware: { memory, entropy }, deviceSpki: keyPairFrom(deviceSeed).spki };
}

/** A thief's work: the housing is open, and a second device is made with all that was in the first. */
export function clonePsd({ memory }: Hardware, seed: Buffer): Hardware {
  return { memory: new NonvolatileMemory(memory.image()), entropy: entropyFrom(seed) };
}

function entropyFrom(seed: Buffer): () => Buffer {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash('sha256').update(seed).update(String(drawn)).digest();
  };
}

/** What the thief reads of one license: the key id and the private key itself. */
export function stolenKey({ memory, entropy }: Hardware, license: number): { keyId: number; privateKey: PrivateKey } {
  const slot = new SecureState(new NonvolatileMemory(memory.image()), entropy, ALL_GUARDS).slotOf(license);
  if (slot === undefined) throw new RangeError(`no license ${license} in this PSD`);
  return { keyId: slot.facts.keyId, privateKey: slot.privateKey };
}
