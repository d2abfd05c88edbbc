import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * An auditor of its own: it shares no code with the program, reads the files of a simulated day as they are, and takes
 * the plainest way to each answer.
 */

/** Bytes of the signed part of a mark: docs/INDICIUM.md. */
const SIGNED = 71;

export interface AuditedMark {
  readonly contents: string;
  readonly suite: number;
  readonly keyId: number;
  readonly license: number;
  readonly psd: string;
  readonly epoch: number;
  readonly count: bigint;
  readonly ascending: number;
  readonly descending: number | null;
  readonly postage: number;
  readonly printedAtMs: number;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

export interface AuditedScan {
  readonly scanId: string;
  readonly plant: string;
  readonly pass: string;
  readonly mailpieceId: string | undefined;
  readonly scannedAtMs: number;
  readonly mark: AuditedMark;
}

export interface Key {
  readonly keyId: number;
  readonly psd: string;
  readonly license: number;
  readonly suite: string;
  readonly spki: string;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
  readonly compromisedFromMs: number | null;
}
export interface License {
  readonly license: number;
  readonly depositPostcode: string;
  readonly psdLimit: number;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number | null;
}
export interface Grant {
  readonly license: number;
  readonly psd: string;
  readonly grantedAtMs: number;
  readonly endedAtMs: number | null;
}
export interface Amount {
  readonly license: number;
  readonly psd: string;
  readonly amountMills: number;
}
export interface Plant {
  readonly plant: string;
  readonly postcode: string;
}

export interface Withdrawal {
  readonly license: number;
  readonly psd: string;
  readonly pieceCount: string;
  readonly ascendingMills: number;
  readonly returnedMills: number;
}

export interface AuditedDay {
  /** Each scan once, in the order in which its record first came in. */
  readonly scans: readonly AuditedScan[];
  readonly keys: ReadonlyMap<number, Key>;
  readonly licenses: ReadonlyMap<number, License>;
  readonly grants: readonly Grant[];
  readonly funds: readonly Amount[];
  readonly refunds: readonly Amount[];
  readonly withdrawals: readonly Withdrawal[];
  readonly plants: readonly Plant[];
}

export function readDay(folder: string): AuditedDay {
  const scans = new Map<string, AuditedScan>();
  for (const line of linesOf<ScanLine>(folder, 'scans.ndjson')) {
    if (scans.has(line.scanId)) continue;
    const mark = markOf(Buffer.from(line.payload, 'base64'));
    const mailpieceId = line.mailpieceId;
    scans.set(line.scanId, { ...line, mailpieceId, scannedAtMs: Date.parse(line.scannedAt), mark });
  }
  const registry = <Line>(name: string) => linesOf<Line>(folder, 'registry', `${name}.ndjson`);
  return {
    scans: [...scans.values()],
    keys: new Map(registry<Key>('keys').map((key) => [key.keyId, key])),
    licenses: new Map(registry<License>('licenses').map((license) => [license.license, license])),
    grants: registry<Grant>('grants'),
    funds: registry<Amount>('funds'),
    refunds: registry<Amount>('refunds'),
    withdrawals: registry<Withdrawal>('withdrawals'),
    plants: registry<Plant>('plants'),
  };
}

interface ScanLine {
  readonly scanId: string;
  readonly plant: string;
  readonly pass: string;
  readonly mailpieceId?: string;
  readonly scannedAt: string;
  readonly payload: string;
}

export function linesOf<Line>(...path: string[]): Line[] {
  return readFileSync(join(...path), 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text): Line => JSON.parse(text));
}

function markOf(bytes: Buffer): AuditedMark {
  const signed = bytes.subarray(0, SIGNED);
  return {
    contents: signed.toString('hex'),
    suite: signed.readUInt8(1),
    keyId: signed.readUIntBE(3, 6),
    license: signed.readUIntBE(9, 6),
    psd: `${signed.toString('latin1', 15, 17)}-${signed.toString('latin1', 17, 19)}-${signed.readUInt32BE(19)}`,
    epoch: signed.readUInt32BE(23),
    count: signed.readBigUInt64BE(27),
    ascending: signed.readUIntBE(35, 6),
    descending: signed.readUInt8(2) === 0 ? null : signed.readUIntBE(41, 6),
    postage: signed.readUInt32BE(47),
    printedAtMs: signed.readUInt32BE(53) * 1000,
    signed,
    signature: bytes.subarray(SIGNED),
  };
}

const DAY_MS = 86_400_000;
/** Outcomes that leave the signature genuine. */
const NOT_GENUINE = ['unknown-key', 'key-mismatch', 'borrowed-name', 'suite-mismatch', 'forged', 'compromised-key'];

/** What a mark is worth by itself: `valid`, or the first thing that is wrong with it. */
export function outcomeOf({ mark, scannedAtMs }: AuditedScan, day: AuditedDay): string {
  const key = day.keys.get(mark.keyId);
  if (key === undefined) return 'unknown-key';
  const spki = createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' });
  const isSigned = verify('sha256', mark.signed, { key: spki, dsaEncoding: 'ieee-p1363' }, mark.signature);
  if (key.psd !== mark.psd || key.license !== mark.license) {
    const isSafe = Math.max(mark.printedAtMs, scannedAtMs) < (key.compromisedFromMs ?? Number.MAX_VALUE);
    return isSigned && isSafe ? 'borrowed-name' : 'key-mismatch';
  }
  if (mark.suite !== 1 || key.suite !== 'ecdsa-p256-sha256') return 'suite-mismatch';
  if (!isSigned) return 'forged';
  const at = mark.printedAtMs;
  const [revoked, compromised] = [key.revokedAtMs ?? Number.MAX_VALUE, key.compromisedFromMs ?? Number.MAX_VALUE];
  if (at < key.validFromMs) return 'key-not-yet-valid';
  if (at >= key.validToMs) return 'expired-key';
  if (at >= compromised) return 'compromised-key';
  if (at >= revoked) return 'revoked-key';
  if (scannedAtMs >= Math.min(revoked, compromised)) return 'valid-but-revoked-key';
  return (
    licensedAt(mark, day) ??
    (at > scannedAtMs + 1.5 * DAY_MS || at < scannedAtMs - 30 * DAY_MS ? 'date-anomaly' : 'valid')
  );
}

function licensedAt({ license, psd, printedAtMs }: AuditedMark, { licenses, grants }: AuditedDay): string | null {
  const record = licenses.get(license);
  if (record === undefined) return 'ungranted-psd';
  if (record.revokedAtMs !== null && record.revokedAtMs <= printedAtMs) return 'revoked-license';
  if (printedAtMs < record.validFromMs || printedAtMs >= record.validToMs) return 'expired-license';
  const active = grants
    .filter((grant) => grant.license === license && grant.grantedAtMs <= printedAtMs)
    .filter(({ endedAtMs }) => endedAtMs === null || endedAtMs > printedAtMs)
    .toSorted((a, b) => a.grantedAtMs - b.grantedAtMs || (a.psd < b.psd ? -1 : 1));
  const place = [...new Set(active.map((grant) => grant.psd))].indexOf(psd);
  if (place === -1) return 'ungranted-psd';
  return place < record.psdLimit ? null : 'overspread-license';
}

export function isGenuine(outcome: string): boolean {
  return !NOT_GENUINE.includes(outcome);
}
