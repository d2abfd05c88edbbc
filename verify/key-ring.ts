import type { GrantRecord, KeyRecord, Registry } from './registry.ts';
import { type VerifyingKey, verifyingKey } from './signature.ts';

export type GrantState = 'granted' | 'ungranted-psd' | 'overspread-license';

interface LicenseGrants {
  readonly psdLimit: number;
  /** In the order they were granted: when too many are active, the latest are beyond the limit. */
  readonly grants: readonly GrantRecord[];
}

/** The registry, arranged for the two questions a verifier asks: whose key is this, and was this PSD allowed. */
export class KeyRing {
  readonly version: number;
  readonly #records: ReadonlyMap<number, KeyRecord>;
  readonly #licenses: ReadonlyMap<number, LicenseGrants>;
  readonly #imported = new Map<number, VerifyingKey>();

  constructor(registry: Registry) {
    this.version = registry.version;
    this.#records = new Map(registry.keys.map((record) => [record.keyId, record]));
    const grantsByLicense = Map.groupBy(registry.grants, (grant) => grant.license);
    this.#licenses = new Map(
      registry.licenses.map(({ license, psdLimit }) => [
        license,
        { psdLimit, grants: (grantsByLicense.get(license) ?? []).toSorted(byGrantTime) },
      ]),
    );
  }

  record(keyId: number): KeyRecord | undefined {
    return this.#records.get(keyId);
  }

  /** The imported key of a record; null when its bytes are not a canonical key of its suite. */
  key(record: KeyRecord): VerifyingKey | null {
    const known = this.#imported.get(record.keyId);
    if (known !== undefined) return known;
    const key = verifyingKey(record.suite, record.spki);
    if (key !== null) this.#imported.set(record.keyId, key);
    return key;
  }

  /** Whether the license was on this PSD at that time, and within the number of PSDs it was granted for. */
  grantState(license: number, psd: string, atMs: number): GrantState {
    const known = this.#licenses.get(license);
    if (known === undefined) return 'ungranted-psd';
    let rank = 0;
    for (const grant of known.grants) {
      if (grant.grantedAtMs > atMs || (grant.endedAtMs !== null && grant.endedAtMs <= atMs)) continue;
      if (grant.psd === psd) return rank < known.psdLimit ? 'granted' : 'overspread-license';
      rank += 1;
    }
    return 'ungranted-psd';
  }
}

function byGrantTime(a: GrantRecord, b: GrantRecord): number {
  return a.grantedAtMs - b.grantedAtMs || (a.psd < b.psd ? -1 : Number(a.psd > b.psd));
}
