import { verify } from 'node:crypto';
import { BasicConstraints, Certificate, CertificateRevocationList, type Extension } from 'pkijs';
import { importPublicKey } from '../key-gate.ts';

/** What path checking needs of a certificate. Names are their DER bytes in hex: equal only when they are the same. */
export interface ParsedCertificate {
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  readonly subjectText: string;
  readonly serial: bigint;
  readonly spki: Buffer;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isCa: boolean;
  /** Certificates of authorities that may follow it on a path; infinity where it says nothing. */
  readonly pathLength: number;
  readonly usage: { readonly digitalSignature: boolean; readonly certSign: boolean; readonly crlSign: boolean } | null;
  readonly hasUnknownCritical: boolean;
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: string;
}

export interface ParsedCrl {
  readonly issuer: string;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly revoked: ReadonlyMap<bigint, number>;
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: string;
}

const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
/** Understood without being acted on: identifiers that help to find a path, but prove nothing. */
const HARMLESS = new Set(['2.5.29.14', '2.5.29.35', '2.5.29.31']);
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** Null for what is not a certificate; what its fields mean is judged in path.ts. */
export function parseCertificate(der: Uint8Array): ParsedCertificate | null {
  try {
    const certificate = Certificate.fromBER(exactBuffer(der));
    // The parser forgives wrong lengths and bytes behind the end; what it read must be, byte by byte, what was there.
    if (!Buffer.from(certificate.toSchema().toBER()).equals(der)) return null;
    // RFC 5280, 4.1.1.2: the algorithm stands inside and outside of what is signed, and must be the same.
    if (certificate.signature.algorithmId !== certificate.signatureAlgorithm.algorithmId) return null;
    if (certificate.signatureValue.valueBlock.unusedBits !== 0) return null;
    const extensions = certificate.extensions ?? [];
    const constraints = extensions.find((extension) => extension.extnID === BASIC_CONSTRAINTS)?.parsedValue;
    const isCa = constraints instanceof BasicConstraints && constraints.cA;
    const { pathLenConstraint = Number.POSITIVE_INFINITY } =
      constraints instanceof BasicConstraints ? constraints : new BasicConstraints();
    return {
      fingerprint: Buffer.from(der).toString('hex'),
      subject: hexOf(certificate.subject.valueBeforeDecode),
      issuer: hexOf(certificate.issuer.valueBeforeDecode),
      subjectText: certificate.subject.typesAndValues.map(({ value }) => String(value.valueBlock.value)).join(', '),
      serial: serialOf(certificate.serialNumber.valueBlock.valueHexView),
      spki: Buffer.from(certificate.subjectPublicKeyInfo.toSchema().toBER()),
      notBeforeMs: certificate.notBefore.value.getTime(),
      notAfterMs: certificate.notAfter.value.getTime(),
      isCa,
      pathLength: typeof pathLenConstraint === 'number' ? pathLenConstraint : Number.POSITIVE_INFINITY,
      usage: usageOf(extensions),
      hasUnknownCritical: extensions.some(isUnknownCritical),
      tbs: certificate.tbsView,
      signature: certificate.signatureValue.valueBlock.valueHexView,
      signatureAlgorithm: certificate.signatureAlgorithm.algorithmId,
    };
  } catch {
    // The parser throws in many ways for bytes that are not a certificate, all of which mean just that.
    return null;
  }
}

export function parseCrl(der: Uint8Array): ParsedCrl | null {
  try {
    const crl = CertificateRevocationList.fromBER(exactBuffer(der));
    const revoked = (crl.revokedCertificates ?? []).map(({ userCertificate, revocationDate }) => {
      return [serialOf(userCertificate.valueBlock.valueHexView), revocationDate.value.getTime()] as const;
    });
    return {
      issuer: hexOf(crl.issuer.valueBeforeDecode),
      thisUpdateMs: crl.thisUpdate.value.getTime(),
      nextUpdateMs: crl.nextUpdate?.value.getTime() ?? Number.NEGATIVE_INFINITY,
      revoked: new Map(revoked),
      tbs: crl.tbsView,
      signature: crl.signatureValue.valueBlock.valueHexView,
      signatureAlgorithm: crl.signatureAlgorithm.algorithmId,
    };
  } catch {
    // As for certificates.
    return null;
  }
}

/** Whether the issuer's key signed it. The algorithm is fixed: ECDSA on P-256 with SHA-256. */
export function isSignedBy(
  signed: Pick<ParsedCertificate, 'tbs' | 'signature' | 'signatureAlgorithm'>,
  issuer: ParsedCertificate,
): boolean {
  if (signed.signatureAlgorithm !== ECDSA_WITH_SHA256) return false;
  const key = importPublicKey('ecdsa-p256-sha256', issuer.spki);
  return key !== null && verify('sha256', signed.tbs, { key, dsaEncoding: 'der' }, signed.signature);
}

function usageOf(extensions: readonly Extension[]): ParsedCertificate['usage'] {
  const parsed: unknown = extensions.find((extension) => extension.extnID === KEY_USAGE)?.parsedValue;
  if (typeof parsed !== 'object' || parsed === null || !('valueBlock' in parsed)) return null;
  const block: unknown = parsed.valueBlock;
  if (typeof block !== 'object' || block === null || !('valueHexView' in block)) return null;
  const bits = block.valueHexView instanceof Uint8Array ? (block.valueHexView[0] ?? 0) : 0;
  return { digitalSignature: (bits & 0x80) !== 0, certSign: (bits & 0x04) !== 0, crlSign: (bits & 0x02) !== 0 };
}

function isUnknownCritical({ critical, extnID }: Extension): boolean {
  return critical && extnID !== BASIC_CONSTRAINTS && extnID !== KEY_USAGE && !HARMLESS.has(extnID);
}

function hexOf(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('hex');
}

function serialOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}

/** The parser takes a whole buffer, no matter what part of it the view shows. */
function exactBuffer(der: Uint8Array): ArrayBuffer {
  return Uint8Array.from(der).buffer;
}
