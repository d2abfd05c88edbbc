import { CERTIFICATE_PATH_MAX } from '../limits.ts';
import type { CertificateFailure } from './failures.ts';
import { isSignedBy, type ParsedCertificate, type ParsedCrl, parseCertificate, parseCrl } from './parse.ts';

/** What paths are built from. Roots are trusted because they are here, not because they signed themselves. */
export interface CertificateAuthorities {
  readonly roots: readonly ParsedCertificate[];
  readonly intermediates: readonly ParsedCertificate[];
  readonly crls: readonly ParsedCrl[];
}

export function certificateAuthorities(
  roots: readonly Uint8Array[],
  intermediates: readonly Uint8Array[],
  crls: readonly Uint8Array[],
): CertificateAuthorities {
  const parsed = (ders: readonly Uint8Array[]) => ders.map(parseCertificate).filter((one) => one !== null);
  return {
    roots: parsed(roots),
    intermediates: parsed(intermediates),
    crls: crls.map(parseCrl).filter((crl) => crl !== null),
  };
}

/**
 * Checks a signing certificate up to a root, as RFC 5280, section 6, asks, for paths of this project's shape: issuer
 * and subject names, signatures, validity at `atMs`, basic constraints and path length, key usage, unknown critical
 * extensions, and revocation by a list that is current at `nowMs`. The first thing wrong is the answer; null is fine.
 */
export function checkPath(
  leaf: ParsedCertificate,
  authorities: CertificateAuthorities,
  atMs: number,
  nowMs: number,
): CertificateFailure | null {
  const path = pathOf(leaf, authorities, []);
  if (path === null) return 'certificate-untrusted';
  if (path.length > CERTIFICATE_PATH_MAX) return 'certificate-path-too-long';
  if (leaf.isCa || leaf.usage?.digitalSignature !== true) return 'certificate-key-usage';
  for (const [depth, certificate] of path.entries()) {
    if (certificate.hasUnknownCritical) return 'certificate-critical-extension';
    if (atMs < certificate.notBeforeMs) return 'certificate-not-yet-valid';
    if (atMs > certificate.notAfterMs) return 'certificate-expired';
    if (depth === 0) continue;
    if (!certificate.isCa) return 'certificate-not-a-ca';
    if (certificate.usage?.certSign !== true) return 'certificate-key-usage';
    // Between this authority and the leaf stand depth − 1 other authorities.
    if (depth - 1 > certificate.pathLength) return 'certificate-path-too-long';
  }
  for (const [depth, issuer] of path.entries()) {
    const issued = path[depth - 1];
    if (issued === undefined) continue;
    const failure = checkRevocation(issued, issuer, authorities.crls, atMs, nowMs);
    if (failure !== null) return failure;
  }
  return null;
}

/** Leaf first, root last; signatures and names checked. Null when no path of at most the allowed length exists. */
function pathOf(
  certificate: ParsedCertificate,
  authorities: CertificateAuthorities,
  below: readonly ParsedCertificate[],
): ParsedCertificate[] | null {
  const path = [...below, certificate];
  if (authorities.roots.some((root) => root.fingerprint === certificate.fingerprint)) return path;
  if (path.length > CERTIFICATE_PATH_MAX) return null;
  for (const issuer of [...authorities.roots, ...authorities.intermediates]) {
    if (issuer.subject !== certificate.issuer || path.includes(issuer)) continue;
    if (!isSignedBy(certificate, issuer)) continue;
    const found = pathOf(issuer, authorities, path);
    if (found !== null) return found;
  }
  return null;
}

function checkRevocation(
  issued: ParsedCertificate,
  issuer: ParsedCertificate,
  crls: readonly ParsedCrl[],
  atMs: number,
  nowMs: number,
): CertificateFailure | null {
  if (issuer.usage?.crlSign !== true) return 'crl-missing';
  const current = crls.filter((crl) => {
    return (
      crl.issuer === issuer.subject && crl.thisUpdateMs <= nowMs && crl.nextUpdateMs > nowMs && isSignedBy(crl, issuer)
    );
  });
  if (current.length === 0) return 'crl-missing';
  const revokedAtMs = current.map((crl) => crl.revoked.get(issued.serial)).find((ms) => ms !== undefined);
  return revokedAtMs !== undefined && revokedAtMs <= atMs ? 'certificate-revoked' : null;
}
