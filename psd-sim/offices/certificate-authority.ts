import type { KeyObject } from 'node:crypto';
import { publicKeyFrom } from '../key-pair.ts';
import { CertificateRequest, EndorsedCertificateRequest } from '../messages/kinds.ts';
import { contentsOf, isSealFailure, parseJson, typeOf, unseal } from '../messages/sealed.ts';
import type { CertificateIssuer } from './certificate-issuer.ts';
import { refusal } from './office.ts';
import type { CertifiedKey } from './records.ts';

const FIRST_KEY_ID = 4_000_001;

/** Certifies the public key of each license on each PSD (WO 99/48053, after Fig. 3); its serial number is the key id. */
export class CertificateAuthority {
  readonly #issuer: CertificateIssuer;
  readonly #firstKeyId: number;
  readonly #validity: { readonly validFromMs: number; readonly validToMs: number };
  readonly #manufacturerKeys: () => readonly KeyObject[];
  readonly #keys = new Map<number, CertifiedKey>();
  /** By public key; a request that comes again while the first is at work waits for its answer. */
  readonly #answers = new Map<string, Promise<string>>();
  readonly #certificates: { readonly keyId: number; readonly certificate: string }[] = [];
  #numbered = 0;

  constructor(
    issuer: CertificateIssuer,
    validity: { readonly validFromMs: number; readonly validToMs: number },
    manufacturerKeys: () => readonly KeyObject[],
    numbersFrom = 0,
  ) {
    this.#firstKeyId = FIRST_KEY_ID + numbersFrom;
    this.#issuer = issuer;
    this.#validity = validity;
    this.#manufacturerKeys = manufacturerKeys;
  }

  get keys(): CertifiedKey[] {
    return [...this.#keys.values()];
  }

  key(keyId: number): CertifiedKey | undefined {
    return this.#keys.get(keyId);
  }

  /** Key ids with their certificates in DER, base64. */
  get certificates(): readonly { readonly keyId: number; readonly certificate: string }[] {
    return this.#certificates;
  }

  async receive(message: string): Promise<string> {
    if (typeOf(message) !== EndorsedCertificateRequest.type) return refusal('unknown-message');
    const endorsed = unseal(EndorsedCertificateRequest, message, ...this.#manufacturerKeys());
    if (isSealFailure(endorsed)) return refusal(endorsed);
    const request = contentsOf(CertificateRequest, endorsed.request);
    if (request === null) return refusal('malformed');
    const { psd, license, spki } = request;
    if (!isP256Key(spki)) return refusal('malformed');
    const answer = this.#answers.get(spki) ?? this.#certify(psd, license, spki);
    this.#answers.set(spki, answer);
    return answer;
  }

  async #certify(psd: string, license: number, spki: string): Promise<string> {
    const keyId = this.#firstKeyId + this.#numbered;
    this.#numbered += 1;
    const { validFromMs, validToMs } = this.#validity;
    const bytes = await this.#issuer.issue(
      `${psd} ${license}`,
      keyId,
      Buffer.from(spki, 'base64'),
      validFromMs,
      validToMs,
    );
    const certificate = bytes.toString('base64');
    const dates = { validFromMs, validToMs, revokedAtMs: null, compromisedFromMs: null };
    this.#keys.set(keyId, { keyId, psd, license, suite: 'ecdsa-p256-sha256', spki, ...dates });
    this.#certificates.push({ keyId, certificate });
    return JSON.stringify({ type: CERTIFICATE, certificate });
  }

  revoke(keyId: number, revokedAtMs: number): void {
    this.#key(keyId).revokedAtMs = revokedAtMs;
  }

  reportCompromise(keyId: number, compromisedFromMs: number): void {
    this.#key(keyId).compromisedFromMs = compromisedFromMs;
  }

  #key(keyId: number): CertifiedKey {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new RangeError(`key ${keyId} was never certified`);
    return key;
  }
}

const CERTIFICATE = 'certificate';

/** The certificate in an answer; it carries its own signature. Null when the answer holds none. */
export function certificateIn(answer: string): string | null {
  if (!answer.startsWith(`{"type":"${CERTIFICATE}"`)) return null;
  const value = parseJson(answer);
  const isAnswer = typeof value === 'object' && value !== null && 'certificate' in value;
  return isAnswer && typeof value.certificate === 'string' ? value.certificate : null;
}

function isP256Key(spki: string): boolean {
  try {
    const { asymmetricKeyDetails } = publicKeyFrom(Buffer.from(spki, 'base64'));
    return asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch (error) {
    // OpenSSL names what is wrong with the bytes in a code.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
