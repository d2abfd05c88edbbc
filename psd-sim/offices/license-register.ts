import type { OfficeRefusal } from './office.ts';
import type { GrantedLicense, LicenseGrant } from './records.ts';

const FIRST_LICENSE = 700_000;
const LICENSE_STEP = 137;

/** The postal authority's register of licenses and of the PSDs that each may be on. */
export class LicenseRegister {
  readonly #firstLicense: number;
  readonly #licenses = new Map<number, GrantedLicense>();
  readonly #grants: LicenseGrant[] = [];
  readonly #newestGrant = new Map<string, LicenseGrant>();
  readonly #grantsOf = new Map<number, LicenseGrant[]>();

  constructor(numbersFrom: number) {
    this.#firstLicense = FIRST_LICENSE + numbersFrom;
  }

  get licenses(): readonly GrantedLicense[] {
    return [...this.#licenses.values()];
  }

  get grants(): readonly LicenseGrant[] {
    return this.#grants;
  }

  /** Numbers a license. */
  add(terms: Omit<GrantedLicense, 'license' | 'user' | 'revokedAtMs'>): GrantedLicense {
    const license = this.#firstLicense + this.#licenses.size * LICENSE_STEP;
    const granted = { license, ...terms, user: null, revokedAtMs: null };
    this.#licenses.set(license, granted);
    return granted;
  }

  /** A license that its holder has already and may have on that PSD too, or why he may not. */
  existing(
    license: number,
    user: string,
    wish: { readonly holder: string; readonly depositPostcode: string; readonly psd: string },
  ): GrantedLicense | OfficeRefusal {
    const known = this.#licenses.get(license);
    if (known === undefined) return 'unknown-license';
    if (known.holder !== wish.holder || (known.user !== null && known.user !== user)) return 'not-the-holder';
    if (known.depositPostcode !== wish.depositPostcode) return 'not-at-that-town';
    if (known.revokedAtMs !== null) return 'license-revoked';
    // Its counters on that PSD are used up.
    const own = this.#newestGrant.get(`${license} ${wish.psd}`);
    if (own !== undefined && own.endedAtMs !== null) return 'already-withdrawn';
    const others = this.#grantsOf.get(license)?.filter(({ psd, endedAtMs }) => {
      return psd !== wish.psd && endedAtMs === null;
    });
    return (others?.length ?? 0) < known.psdLimit ? known : 'psd-limit-reached';
  }

  /** Notes that a license is on a PSD from then on. */
  putOn(license: number, psd: string, user: string, grantedAtMs: number): void {
    this.#licenses.set(license, { ...this.#granted(license), user });
    const key = `${license} ${psd}`;
    if (this.#newestGrant.get(key)?.endedAtMs === null) return;
    const grant = { license, psd, grantedAtMs, endedAtMs: null };
    this.#grants.push(grant);
    this.#newestGrant.set(key, grant);
    this.#grantsOf.set(license, [...(this.#grantsOf.get(license) ?? []), grant]);
  }

  /** Whether the license is in force and on that PSD then. */
  isOn(license: number, psd: string, atMs: number): boolean {
    const known = this.#licenses.get(license);
    const isGood = known?.revokedAtMs === null && atMs < known.validToMs;
    return isGood && this.#newestGrant.get(`${license} ${psd}`)?.endedAtMs === null;
  }

  /** Ends a grant; false when there is none that goes on. */
  takeOff(license: number, psd: string, endedAtMs: number): boolean {
    const grant = this.#newestGrant.get(`${license} ${psd}`);
    if (grant === undefined || grant.endedAtMs !== null) return false;
    grant.endedAtMs = endedAtMs;
    return true;
  }

  revoke(license: number, revokedAtMs: number): void {
    this.#licenses.set(license, { ...this.#granted(license), revokedAtMs });
  }

  /** The license may be on that many PSDs from now on; those beyond should have been withdrawn. */
  limitPsds(license: number, psdLimit: number): void {
    this.#licenses.set(license, { ...this.#granted(license), psdLimit });
  }

  #granted(license: number): GrantedLicense {
    const granted = this.#licenses.get(license);
    if (granted === undefined) throw new RangeError(`license ${license} was never granted`);
    return granted;
  }
}
