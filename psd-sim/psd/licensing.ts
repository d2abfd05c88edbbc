import { X509Certificate } from 'node:crypto';
import { CertificateRequest, CountersignedLicense, LicenseDocument, LicenseRequest } from '../messages/kinds.ts';
import { digestOf, isSealFailure, seal } from '../messages/sealed.ts';
import { verified } from './franking.ts';
import type { PsdRefusal } from './guards.ts';
import { newRegisterSet } from './register-set.ts';
import type { RegisterSlot } from './register-slot.ts';
import type { SecureState } from './secure-state.ts';

/** What the user wants (WO 99/48053, Fig. 4, block 60). */
export interface LicenseOptions {
  readonly holder: string;
  readonly town: string;
  readonly depositPostcode: string;
  /** A license of the same holder, to be on this PSD too (claim 6); null for a new one. */
  readonly existingLicense: number | null;
}

export interface Requested {
  readonly type: 'requested';
  readonly request: string;
}

/** A public key that waits for its certificate. */
export interface Installed {
  readonly type: 'installed';
  readonly license: number;
  readonly certificateRequest: string;
}

/** Blocks 61 and 62: prepares the request and signs it; only the last one can be answered. */
export function requestLicense(state: SecureState, options: LicenseOptions): Requested {
  const body = { psd: state.name, nonce: state.nonce(), ...options };
  const request = seal(LicenseRequest, body, state.device.privateKey);
  state.setRequestDigest(digestOf(JSON.stringify(body)));
  return { type: 'requested', request };
}

/** Block 67: authenticates authority and manufacturer, then creates the register set with a key pair of its own. */
export function installLicense(state: SecureState, message: string): Installed | PsdRefusal {
  const license = licenseIn(state, message, {
    manufacturer: 'license-manufacturer-signature',
    authority: 'license-authority-signature',
  });
  if (typeof license === 'string') return license;
  if (state.has('license-for-this-psd') && license.psd !== state.name) return 'other-psd';
  const present = state.slotOf(license.license);
  if (present !== undefined && state.has('license-only-once')) {
    return present.facts.keyId === 0 ? certificateRequest(state, present) : 'already-installed';
  }
  if (state.has('license-was-requested') && license.requestDigest !== state.requestDigest) return 'not-requested';
  if (state.isWithdrawn(license.license) && state.has('withdrawn-for-good')) return 'withdrawn-for-good';
  if (state.tombstoneOf(license.license) !== undefined && state.has('license-only-once')) return 'already-installed';
  const slot = state.freeSlot() ?? (state.has('memory-limit') ? undefined : state.slots[0]);
  if (slot === undefined) return 'memory-full';
  slot.fill(newRegisterSet(license.license, license.payment), {
    depositPostcode: license.depositPostcode,
    keySeed: state.random().toString('base64'),
    keyId: 0,
    certificate: '',
    nextKeySeed: null,
  });
  state.setRequestDigest(null);
  return certificateRequest(state, slot);
}

/** A register set may get a new key pair; it franks with the old one until the new one is certified. */
export function renewKey(state: SecureState, license: number): Installed | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  if (slot.set.state !== 'live' && state.has('only-live-sets-renew')) return 'not-in-service';
  if (slot.facts.keyId === 0) return 'not-certified';
  if (slot.facts.nextKeySeed === null) {
    slot.writeFacts({ ...slot.facts, nextKeySeed: state.random().toString('base64') });
  }
  return certificateRequest(state, slot);
}

/** The certificate authority has certified the public key; its serial number is the key id of every mark. */
export function installCertificate(
  state: SecureState,
  license: number,
  certificateBase64: string,
): 'certified' | PsdRefusal {
  const slot = state.slotOf(license);
  if (slot === undefined || slot.set === null) return 'no-such-license';
  if (slot.set.state !== 'live' && state.has('only-live-sets-renew')) return 'not-in-service';
  const certificate = parseCertificate(certificateBase64);
  if (certificate === null) return 'malformed';
  const isSigned = state.anchorKeys('certifier').some((publicKey) => certificate.verify(publicKey));
  if (!isSigned && state.has('certificate-signature')) return 'certificate-not-signed';
  // As it was signed, and not as it was written: what is around it could be anything.
  const der = certificate.raw.toString('base64');
  if (der.length > CERTIFICATE_TEXT_MAX) return 'malformed';
  const { facts } = slot;
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  const seeds = [facts.nextKeySeed, facts.keySeed].filter((seed) => seed !== null);
  const keySeed = seeds.find((seed) => slot.pairFrom(seed).spki.equals(spki));
  if (keySeed === undefined && state.has('certificate-of-own-key')) return 'certificate-of-other-key';
  slot.writeFacts({
    ...facts,
    keySeed: keySeed ?? facts.keySeed,
    nextKeySeed: keySeed === facts.nextKeySeed ? null : facts.nextKeySeed,
    keyId: Number(BigInt(`0x${certificate.serialNumber}`)),
    certificate: der,
  });
  return 'certified';
}

/** The license within its two signatures; each role names the guard that looks at its signature. */
export function licenseIn(
  state: SecureState,
  message: string,
  guards: Record<'manufacturer' | 'authority', Parameters<SecureState['has']>[0]>,
) {
  const outer = verified(state, guards.manufacturer, message, CountersignedLicense, state.anchorKeys('manufacturer'));
  if (isSealFailure(outer)) return outer === 'malformed' ? outer : ('not-countersigned' as const);
  const license = verified(state, guards.authority, outer.license, LicenseDocument, state.anchorKeys('authority'));
  if (isSealFailure(license)) return license === 'malformed' ? license : ('license-not-signed' as const);
  return license;
}

/** Certificates of P-256 keys take some 450 characters; the memory holds no longer ones. */
const CERTIFICATE_TEXT_MAX = 700;

function certificateRequest(state: SecureState, slot: RegisterSlot): Installed {
  const license = slot.set?.license ?? 0;
  const { spki } = slot.pairFrom(slot.facts.nextKeySeed ?? slot.facts.keySeed);
  const body = { psd: state.name, license, spki: spki.toString('base64') };
  return { type: 'installed', license, certificateRequest: seal(CertificateRequest, body, state.device.privateKey) };
}

function parseCertificate(base64: string): X509Certificate | null {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
