import type { GrantRecord, LicenseRecord } from '../indicium/index.ts';

/** Whether a license may be used on a PSD at one time, or why not. The numbers are those of the packed key table. */
export const AUTHORIZATIONS = [
  'granted',
  'ungranted-psd',
  'overspread-license',
  'expired-license',
  'revoked-license',
] as const;
export type Authorization = (typeof AUTHORIZATIONS)[number];

/** From `fromMs` on, until the next of its kind. */
interface AuthorizationPeriod {
  readonly fromMs: number;
  readonly authorization: Authorization;
}

/** A license with its grants in the order they were given: when too many are active, the latest are beyond the limit. */
export interface GrantedLicense {
  readonly record: LicenseRecord;
  readonly grants: readonly GrantRecord[];
}

export function grantedLicenses(
  licenses: readonly LicenseRecord[],
  grants: readonly GrantRecord[],
): ReadonlyMap<number, GrantedLicense> {
  const byLicense = Map.groupBy(grants, (grant) => grant.license);
  return new Map(
    licenses.map((record) => {
      return [record.license, { record, grants: (byLicense.get(record.license) ?? []).toSorted(byGrantTime) }];
    }),
  );
}

/**
 * All that the license allows this PSD, over time, so that a verifier needs one look-up for a piece: the periods start
 * at minus infinity and differ from their neighbors.
 */
export function authorizationPeriods(license: GrantedLicense | undefined, psd: string): AuthorizationPeriod[] {
  if (license === undefined) return [{ fromMs: Number.NEGATIVE_INFINITY, authorization: 'ungranted-psd' }];
  const { record, grants } = license;
  const [only] = grants;
  if (grants.length === 1 && only !== undefined) {
    const simple = singleGrantPeriods(record, only, psd);
    if (simple !== null) return simple;
  }
  const changes = new Set([Number.NEGATIVE_INFINITY, record.validFromMs, record.validToMs]);
  if (record.revokedAtMs !== null) changes.add(record.revokedAtMs);
  for (const { grantedAtMs, endedAtMs } of grants) {
    changes.add(grantedAtMs);
    if (endedAtMs !== null) changes.add(endedAtMs);
  }
  const periods: AuthorizationPeriod[] = [];
  for (const fromMs of [...changes].toSorted((a, b) => a - b)) {
    const authorization = authorizationAt(license, psd, fromMs);
    if (periods.at(-1)?.authorization !== authorization) periods.push({ fromMs, authorization });
  }
  return periods;
}

/** The common case in a registry of a million: one PSD, granted once and for good, within the life of the license. */
function singleGrantPeriods(record: LicenseRecord, grant: GrantRecord, psd: string): AuthorizationPeriod[] | null {
  const { validFromMs, validToMs, revokedAtMs } = record;
  const isPlain = grant.psd === psd && grant.endedAtMs === null && revokedAtMs === null && validFromMs < validToMs;
  if (!isPlain || grant.grantedAtMs > validFromMs) return null;
  return [
    { fromMs: Number.NEGATIVE_INFINITY, authorization: 'expired-license' },
    { fromMs: validFromMs, authorization: 'granted' },
    { fromMs: validToMs, authorization: 'expired-license' },
  ];
}

function authorizationAt({ record, grants }: GrantedLicense, psd: string, atMs: number): Authorization {
  if (record.revokedAtMs !== null && record.revokedAtMs <= atMs) return 'revoked-license';
  if (atMs < record.validFromMs || atMs >= record.validToMs) return 'expired-license';
  // A PSD whose grant was renewed has two of them and takes one place.
  const before = new Set<string>();
  for (const grant of grants) {
    if (grant.grantedAtMs > atMs || (grant.endedAtMs !== null && grant.endedAtMs <= atMs)) continue;
    if (grant.psd === psd) return before.size < record.psdLimit ? 'granted' : 'overspread-license';
    before.add(grant.psd);
  }
  return 'ungranted-psd';
}

function byGrantTime(a: GrantRecord, b: GrantRecord): number {
  return a.grantedAtMs - b.grantedAtMs || (a.psd < b.psd ? -1 : Number(a.psd > b.psd));
}
