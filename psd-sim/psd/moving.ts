import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ExportedSet } from '../messages/kinds.ts';
import { contentsOf, isSealFailure, seal, unseal } from '../messages/sealed.ts';
import { verified } from './franking.ts';
import type { PsdRefusal } from './guards.ts';
import { licenseIn } from './licensing.ts';
import { decodeRegisters, encodeRegisters, REGISTER_RECORD_BYTES } from './register-record.ts';
import { NO_NONCE, type RegisterSet, spoilUnconfirmed } from './register-set.ts';
import { type Facts, parseFacts } from './register-slot.ts';
import type { SecureState } from './secure-state.ts';

/** A register set as it may lie on the nonsecure store (WO 99/48053, Fig. 5: 72). */
export interface Exported {
  readonly type: 'exported';
  readonly exportedSet: string;
}

/**
 * Starts a move (claim 4, first means): the set stops franking and is given out signed and encrypted. It stays in the
 * PSD until its safe arrival is shown, so that neither a power cut nor a lost message loses the money in it.
 */
export function exportSet(state: SecureState, license: number): Exported | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  const { set } = slot;
  const isInService = set.state === 'live' || set.state === 'leaving';
  if (!isInService && state.has('only-live-sets-leave')) return 'not-in-service';
  if (slot.facts.keyId === 0) return 'not-certified';
  if (set.state === 'leaving') return packed(state, slot.facts, set);
  if (!state.hasRoomForTombstone()) return 'memory-full';
  const settled = state.has('spoil-unconfirmed') ? spoilUnconfirmed(set) : set;
  const leaving: RegisterSet = { ...settled, state: 'leaving', epoch: set.epoch + 1, handle: state.nonce() };
  slot.write(leaving);
  return packed(state, slot.facts, leaving);
}

/** The host shows what it has stored: only then the PSD forgets the set, but for its epoch and one-time handle. */
export function releaseSet(state: SecureState, exportedSet: string): 'released' | PsdRefusal {
  const body = verified(state, 'release-signature', exportedSet, ExportedSet, [state.devicePublicKey]);
  if (isSealFailure(body)) return 'export-altered';
  const slot = state.slotOf(body.license);
  if (slot === undefined || slot.set?.state !== 'leaving') return 'not-exported';
  if (slot.set.epoch !== body.epoch && state.has('release-of-this-export')) return 'export-stale';
  const { license, epoch, handle } = slot.set;
  slot.write({ ...slot.set, state: 'away' });
  state.bury({ license, epoch, handle });
  slot.clear();
  return 'released';
}

/** Calls a move off: what was given out is worth nothing from now on. */
export function cancelExport(state: SecureState, license: number): 'canceled' | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set?.state !== 'leaving') return 'not-exported';
  slot.write({ ...slot.set, state: 'live', epoch: slot.set.epoch + 1, handle: NO_NONCE });
  return 'canceled';
}

/**
 * Takes a set back (claim 4, second means): its own signature, the one-time handle and the epoch kept inside, and the
 * signatures of manufacturer and authority on the license must all hold.
 */
export function importSet(state: SecureState, exportedSet: string, license: string): 'imported' | PsdRefusal {
  const claimed = contentsOf(ExportedSet, exportedSet);
  if (claimed === null) return 'malformed';
  if (state.has('export-of-this-psd') && claimed.psd !== state.name) return 'other-psd';
  const isOwn = unseal(ExportedSet, exportedSet, state.devicePublicKey) !== 'bad-signature';
  if (state.has('export-signature') && !isOwn) return 'export-altered';
  const granted = licenseIn(state, license, {
    manufacturer: 'import-license-signatures',
    authority: 'import-license-signatures',
  });
  if (typeof granted === 'string') return granted;
  const isOfSet = granted.license === claimed.license && granted.psd === state.name;
  if (!isOfSet && state.has('import-license-of-set')) return 'license-of-other-set';
  const contents = unpacked(state, claimed);
  if (contents === null) return 'export-unreadable';
  const { set, facts } = contents;
  if (state.isWithdrawn(set.license) && state.has('withdrawn-for-good')) return 'withdrawn-for-good';
  const buried = state.tombstoneOf(set.license);
  if (state.has('export-epoch') && (buried?.epoch ?? set.epoch) > set.epoch) return 'export-stale';
  if (state.has('export-handle') && buried?.handle !== set.handle) return 'not-exported';
  const present = state.slotOf(set.license);
  if (present !== undefined && state.has('export-handle')) return 'already-installed';
  const slot = present ?? state.freeSlot() ?? (state.has('memory-limit') ? undefined : state.slots[0]);
  if (slot === undefined) return 'memory-full';
  slot.fill({ ...set, state: 'live', epoch: set.epoch + 1, handle: NO_NONCE }, facts);
  state.unbury(set.license);
  return 'imported';
}

function packed(state: SecureState, facts: Facts, set: RegisterSet): Exported {
  const { license, epoch } = set;
  // A new one each time: with one nonce for two contents, anyone who knows one reads the other.
  const nonce = state.nonce().slice(0, 24);
  const plain = Buffer.concat([encodeRegisters(set), Buffer.from(JSON.stringify(facts))]);
  const cipher = createCipheriv('aes-256-gcm', storageKey(state), Buffer.from(nonce, 'hex'));
  const secret = state.has('export-encrypted') ? Buffer.concat([cipher.update(plain), cipher.final()]) : plain;
  const tag = state.has('export-encrypted') ? cipher.getAuthTag().toString('hex') : NO_NONCE;
  const body = { psd: state.name, license, epoch, nonce, tag, ciphertext: secret.toString('base64') };
  return { type: 'exported', exportedSet: seal(ExportedSet, body, state.device.privateKey) };
}

function unpacked(
  state: SecureState,
  { nonce, tag, ciphertext }: { nonce: string; tag: string; ciphertext: string },
): { set: RegisterSet; facts: Facts } | null {
  const secret = Buffer.from(ciphertext, 'base64');
  const plain = state.has('export-encrypted') ? decrypted(state, nonce, tag, secret) : secret;
  if (plain === null) return null;
  const facts = parseFacts(plain.subarray(REGISTER_RECORD_BYTES));
  return facts === null ? null : { set: decodeRegisters(plain.subarray(0, REGISTER_RECORD_BYTES)), facts };
}

function decrypted(state: SecureState, nonce: string, tag: string, secret: Buffer): Buffer | null {
  const decipher = createDecipheriv('aes-256-gcm', storageKey(state), Buffer.from(nonce, 'hex'));
  decipher.setAuthTag(Buffer.from(tag, 'hex'));
  const start = decipher.update(secret);
  try {
    return Buffer.concat([start, decipher.final()]);
  } catch (error) {
    // The authentication tag does not fit: Node gives this failure no code.
    if (error instanceof Error && error.message.includes('authenticate')) return null;
    throw error;
  }
}

function storageKey(state: SecureState): Buffer {
  return Buffer.from(state.rom.storageKey, 'base64');
}
