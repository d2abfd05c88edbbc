import { join } from 'node:path';
import { Type } from 'typebox';
import { hasBase64Letters, type LicenseRecord } from '../../indicium/index.ts';
import { spkiOf } from '../key-gate.ts';
import { findKey, type KeyTable, suiteAt, timesAt } from '../key-table.ts';
import { readRecordFile } from '../registry/record-file.ts';
import { loadRecords, type TrustedFolder } from '../registry/registry-folder.ts';
import type { Registry } from '../registry.ts';
import { verifyingKey, verifySignature } from '../signature.ts';
import { CERTIFICATE_FAILURES, type CertificateFailure } from '../x509/failures.ts';
import { type ParsedCertificate, parseCertificate } from '../x509/parse.ts';
import { type CertificateAuthorities, certificateAuthorities, checkPath } from '../x509/path.ts';

interface AuditProblem {
  /** `key 4000001`, `license 700137`, … */
  readonly subject: string;
  readonly problem: string;
}

export interface Audit {
  readonly registry: Registry;
  readonly keys: number;
  readonly certificates: number;
  readonly licenseSignatures: number;
  readonly problems: readonly AuditProblem[];
}

const Base64 = Type.Refine(Type.String({ minLength: 1 }), hasBase64Letters, () => 'is not base64');
const CertificateLine = Type.Object({ keyId: Type.Integer(), certificate: Base64 });
const AuthorityLine = Type.Object({
  role: Type.Union(['root', 'issuer', 'crl', 'authority', 'manufacturer'].map((role) => Type.Literal(role))),
  certificate: Base64,
});
const LicenseSignatureLine = Type.Object({ license: Type.Integer(), authority: Base64, manufacturer: Base64 });

interface Signers {
  readonly authorities: CertificateAuthorities;
  readonly authority: ParsedCertificate | null;
  readonly manufacturer: ParsedCertificate | null;
}

/**
 * Checks what loading a registry takes from its signature: every key imports, every certificate leads to a root and is
 * of its key, and every license was signed by the authority and countersigned by the manufacturer (WO 99/48053, Fig. 4).
 */
export async function auditRegistry(trusted: TrustedFolder, nowMs: number): Promise<Audit> {
  const registry = await loadRecords(trusted);
  const problems: AuditProblem[] = [];
  checkKeys(registry.keys, problems);
  const signers = await readSigners(trusted, problems, nowMs);
  const certificates = await checkCertificates(trusted, registry.keys, signers.authorities, problems, nowMs);
  const licenseSignatures = await checkLicenses(trusted, registry.licenses, signers, problems);
  return { registry, keys: registry.keys.size, certificates, licenseSignatures, problems };
}

function checkKeys(table: KeyTable, problems: AuditProblem[]): void {
  for (let row = 0; row < table.size; row++) {
    if (verifyingKey(suiteAt(table, row), spkiAt(table, row)) === null) {
      problems.push({ subject: `key ${table.keyIds[row]}`, problem: 'its point is not on its curve' });
    }
  }
}

async function readSigners({ folder, head }: TrustedFolder, problems: AuditProblem[], nowMs: number): Promise<Signers> {
  const ders = new Map<string, Buffer[]>();
  const file = head.files['authorities.ndjson'];
  if (file !== undefined) {
    await readRecordFile(join(folder, 'authorities.ndjson'), file, AuthorityLine, ({ role, certificate }) => {
      ders.set(role, [...(ders.get(role) ?? []), Buffer.from(certificate, 'base64')]);
    });
  }
  const of = (role: string) => ders.get(role) ?? [];
  const authorities = certificateAuthorities(of('root'), of('issuer'), of('crl'));
  const signer = (role: 'authority' | 'manufacturer'): ParsedCertificate | null => {
    const [der] = of(role);
    if (der === undefined) return null;
    const certificate = parseCertificate(der);
    const failure = certificate === null ? 'certificate-malformed' : checkPath(certificate, authorities, nowMs, nowMs);
    if (failure === null) return certificate;
    problems.push({ subject: `certificate of the ${role}`, problem: sentence(failure) });
    return null;
  };
  return { authorities, authority: signer('authority'), manufacturer: signer('manufacturer') };
}

async function checkCertificates(
  { folder, head }: TrustedFolder,
  table: KeyTable,
  authorities: CertificateAuthorities,
  problems: AuditProblem[],
  nowMs: number,
): Promise<number> {
  const file = head.files['certificates.ndjson'];
  if (file === undefined) return 0;
  const certified = new Set<number>();
  await readRecordFile(join(folder, 'certificates.ndjson'), file, CertificateLine, ({ keyId, certificate }) => {
    certified.add(keyId);
    const problem = certificateProblem(keyId, Buffer.from(certificate, 'base64'), table, authorities, nowMs);
    if (problem !== null) problems.push({ subject: `key ${keyId}`, problem });
  });
  for (const keyId of table.keyIds) {
    if (!certified.has(keyId)) problems.push({ subject: `key ${keyId}`, problem: 'it has no certificate' });
  }
  return certified.size;
}

/** What is wrong with the certificate of a key, as a sentence; null when nothing is. */
function certificateProblem(
  keyId: number,
  der: Uint8Array,
  table: KeyTable,
  authorities: CertificateAuthorities,
  nowMs: number,
): string | null {
  const row = findKey(table, keyId);
  if (row === -1) return 'it is certified but not registered';
  const certificate = parseCertificate(der);
  if (certificate === null) return sentence('certificate-malformed');
  if (certificate.serial !== BigInt(keyId)) return 'its certificate has another serial number';
  if (!certificate.spki.equals(spkiAt(table, row))) return 'its certificate is of another key';
  const { validFromMs, validToMs, revokedAtMs } = timesAt(table, row);
  if (
    toSeconds(validFromMs) < toSeconds(certificate.notBeforeMs) ||
    toSeconds(validToMs) > toSeconds(certificate.notAfterMs)
  ) {
    return 'it is registered for longer than its certificate is valid';
  }
  const failure = checkPath(certificate, authorities, certificate.notBeforeMs, nowMs);
  if (failure !== null) return sentence(failure);
  const isRevoked = checkPath(certificate, authorities, Math.min(nowMs, certificate.notAfterMs), nowMs);
  if (isRevoked === 'certificate-revoked' && revokedAtMs > nowMs) return 'it is revoked, but registered as good';
  return null;
}

async function checkLicenses(
  { folder, head }: TrustedFolder,
  licenses: readonly LicenseRecord[],
  { authority, manufacturer }: Signers,
  problems: AuditProblem[],
): Promise<number> {
  const file = head.files['license-signatures.ndjson'];
  if (file === undefined) return 0;
  const known = new Map(licenses.map((license) => [license.license, license]));
  const signed = new Set<number>();
  await readRecordFile(join(folder, 'license-signatures.ndjson'), file, LicenseSignatureLine, (line) => {
    const license = known.get(line.license);
    if (license === undefined) return;
    signed.add(line.license);
    const bad = (['authority', 'manufacturer'] as const).filter((role) => {
      const signer = role === 'authority' ? authority : manufacturer;
      return signer === null || !isLicenseSignedBy(license, signer, Buffer.from(line[role], 'base64'));
    });
    for (const role of bad) {
      problems.push({ subject: `license ${line.license}`, problem: `the signature of the ${role} does not fit` });
    }
  });
  for (const { license } of licenses) {
    if (!signed.has(license)) problems.push({ subject: `license ${license}`, problem: 'it is not signed' });
  }
  return signed.size;
}

/** The signature is over the license's fields as a JSON array, in the order of docs/REGISTRY.md. */
function isLicenseSignedBy(license: LicenseRecord, signer: ParsedCertificate, signature: Uint8Array): boolean {
  const { holder, town, depositPostcode, psdLimit, validFromMs, validToMs } = license;
  const text = JSON.stringify([license.license, holder, town, depositPostcode, psdLimit, validFromMs, validToMs]);
  return verifySignature('ecdsa-p256-sha256', signer.spki, Buffer.from(text), signature);
}

function spkiAt(table: KeyTable, row: number): Buffer {
  return spkiOf(suiteAt(table, row), table.material.subarray(table.materialStarts[row], table.materialStarts[row + 1]));
}

/** Certificates hold whole seconds. */
function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function sentence(failure: CertificateFailure): string {
  return `${failure}: ${CERTIFICATE_FAILURES[failure]}`;
}
