import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';
import {
  Audit,
  ForwardedRequest,
  LicenseDocument,
  LicenseRequest,
  Receipt,
  RefillConsent,
  RefillReport,
  RefillRequest,
  Report,
  Withdrawal,
} from '../messages/kinds.ts';
import { contentsOf, isSealFailure, typeOf, unseal } from '../messages/sealed.ts';
import { OfficeKeys, type OfficeRefusal, refusal } from './office.ts';
import type { FundsPaid, GrantedLicense, LicenseGrant, RefundedPiece, WithdrawnSet } from './records.ts';

/** Conditions under which the authority grants licenses. */
export interface GrantingRules {
  readonly payment: 'prepaid' | 'postpaid';
  readonly validFromMs: number;
  readonly validToMs: number;
  /** PSDs that one license may be on (claim 6). */
  readonly psdLimitOf: (holder: string, town: string) => number;
}

const FIRST_LICENSE = 700_000;
const LICENSE_STEP = 137;

/** The postal authority (WO 99/48053, Fig. 1: 26): grants and numbers licenses, and keeps the books of funds paid. */
export class PostalAuthority {
  readonly keys: OfficeKeys;
  readonly #now: () => number;
  readonly #rules: GrantingRules;
  readonly #manufacturerKeys: () => readonly KeyObject[];
  readonly #licenses = new Map<number, GrantedLicense>();
  readonly #grants: LicenseGrant[] = [];
  readonly #grantOf = new Map<string, LicenseGrant>();
  readonly #grantsOf = new Map<number, LicenseGrant[]>();
  /** Licenses by the digest of the request that they answer: a request that comes again gets the same one. */
  readonly #answers = new Map<string, string>();
  readonly #funds: FundsPaid[] = [];
  readonly #paidFor = new Set<string>();
  readonly #billedMills = new Map<string, bigint>();
  readonly #refunds: RefundedPiece[] = [];
  readonly #withdrawals: WithdrawnSet[] = [];

  constructor(
    seedOf: (number: number) => Buffer,
    now: () => number,
    rules: GrantingRules,
    manufacturerKeys: () => readonly KeyObject[],
  ) {
    this.keys = new OfficeKeys('authority', seedOf);
    this.#now = now;
    this.#rules = rules;
    this.#manufacturerKeys = manufacturerKeys;
  }

  get records() {
    return {
      licenses: [...this.#licenses.values()],
      grants: this.#grants,
      funds: this.#funds,
      refunds: this.#refunds,
      withdrawals: this.#withdrawals,
    };
  }

  async receive(message: string): Promise<string> {
    switch (typeOf(message)) {
      case ForwardedRequest.type:
        return this.#grant(message);
      case RefillReport.type:
        return this.#consent(message);
      case Report.type:
        return this.#book(message);
      default:
        return refusal('unknown-message');
    }
  }

  /** Fig. 4, block 65. */
  #grant(message: string): string {
    const forwarded = unseal(ForwardedRequest, message, ...this.#manufacturerKeys());
    if (isSealFailure(forwarded)) return refusal(forwarded);
    const request = contentsOf(LicenseRequest, forwarded.request);
    if (request === null) return refusal('malformed');
    const { nonce: _, ...wish } = request;
    const requestDigest = digestOf(JSON.stringify(request));
    const known = this.#answers.get(requestDigest);
    if (known !== undefined) return known;
    const license = this.#licenseFor(wish);
    if (typeof license === 'string') return refusal(license);
    this.#putOn(license.license, wish.psd);
    const { holder, town, depositPostcode, payment, validFromMs, validToMs } = license;
    const answer = this.keys.seal(LicenseDocument, {
      license: license.license,
      psd: wish.psd,
      requestDigest,
      holder,
      town,
      depositPostcode,
      payment,
      validFromMs,
      validToMs,
    });
    this.#answers.set(requestDigest, answer);
    return answer;
  }

  #licenseFor(wish: {
    holder: string;
    town: string;
    depositPostcode: string;
    existingLicense: number | null;
    psd: string;
  }): GrantedLicense | OfficeRefusal {
    if (wish.existingLicense === null) {
      const terms = this.termsFor(wish.holder, { name: wish.town, postcode: wish.depositPostcode });
      return this.addLicense({ ...terms, psdLimit: this.#rules.psdLimitOf(wish.holder, wish.town) });
    }
    const license = this.#licenses.get(wish.existingLicense);
    if (license === undefined) return 'unknown-license';
    if (license.holder !== wish.holder) return 'not-the-holder';
    if (license.depositPostcode !== wish.depositPostcode) return 'not-at-that-town';
    if (license.revokedAtMs !== null) return 'license-revoked';
    const others = this.#grantsOf.get(license.license)?.filter(({ psd, endedAtMs }) => {
      return psd !== wish.psd && endedAtMs === null;
    });
    return (others?.length ?? 0) < license.psdLimit ? license : 'psd-limit-reached';
  }

  /** The usual terms of a license but for the number of its PSDs. */
  termsFor(holder: string, town: { readonly name: string; readonly postcode: string }) {
    const { payment, validFromMs, validToMs } = this.#rules;
    return { holder, town: town.name, depositPostcode: town.postcode, payment, validFromMs, validToMs };
  }

  /** Numbers a license without a PSD's request, as an office clerk would. */
  addLicense(terms: Omit<GrantedLicense, 'license' | 'revokedAtMs'>): GrantedLicense {
    const license = FIRST_LICENSE + this.#licenses.size * LICENSE_STEP;
    const granted = { license, ...terms, revokedAtMs: null };
    this.#licenses.set(license, granted);
    return granted;
  }

  /** Notes that a license is on a PSD from then on. */
  #putOn(license: number, psd: string, grantedAtMs = this.#now()): void {
    const key = `${license} ${psd}`;
    if (this.#grantOf.get(key)?.endedAtMs === null) return;
    const grant = { license, psd, grantedAtMs, endedAtMs: null };
    this.#grants.push(grant);
    this.#grantOf.set(key, grant);
    this.#grantsOf.set(license, [...(this.#grantsOf.get(license) ?? []), grant]);
  }

  /** Where the authority's consent to a refill is required; it books what was paid. */
  #consent(message: string): string {
    const report = unseal(RefillReport, message, ...this.#manufacturerKeys());
    if (isSealFailure(report)) return refusal(report);
    const request = contentsOf(RefillRequest, report.request);
    if (request === null) return refusal('malformed');
    const { license, psd, challenge } = request;
    const isGranted =
      this.#licenses.get(license)?.revokedAtMs === null && this.#grantOf.get(`${license} ${psd}`)?.endedAtMs === null;
    if (isGranted && !this.#paidFor.has(challenge)) {
      this.#paidFor.add(challenge);
      this.#pay(license, psd, BigInt(request.amountMills), report.paidAtMs);
    }
    return this.keys.seal(RefillConsent, { challenge, isGranted });
  }

  #pay(license: number, psd: string, amountMills: bigint, paidAtMs: number): void {
    this.#funds.push({ license, psd, refill: this.#funds.length + 1, amountMills: Number(amountMills), paidAtMs });
  }

  /** An audit (the bill, where there is no descending register) or a withdrawal. */
  #book(message: string): string {
    const report = unseal(Report, message, ...this.#manufacturerKeys());
    if (isSealFailure(report)) return refusal(report);
    const audit = contentsOf(Audit, report.enclosed);
    if (audit !== null) this.#bill(audit.license, audit.psd, audit, report.atMs);
    const withdrawal = contentsOf(Withdrawal, report.enclosed);
    if (withdrawal !== null) {
      this.#bill(withdrawal.license, withdrawal.psd, withdrawal, report.atMs);
      this.#end(withdrawal, report.atMs);
    }
    return this.keys.seal(Receipt, { digest: digestOf(report.enclosed) });
  }

  #bill(
    license: number,
    psd: string,
    { ascendingMills, descendingMills }: { ascendingMills: string; descendingMills: string | null },
    atMs: number,
  ): void {
    if (descendingMills !== null) return;
    const key = `${license} ${psd}`;
    const owedMills = BigInt(ascendingMills) - (this.#billedMills.get(key) ?? 0n);
    if (owedMills <= 0n) return;
    this.#pay(license, psd, owedMills, atMs);
    this.#billedMills.set(key, BigInt(ascendingMills));
  }

  #end(final: NonNullable<ReturnType<typeof contentsOf<WithdrawalBody>>>, atMs: number): void {
    const { license, psd, epoch, pieceCount, ascendingMills, returnedMills } = final;
    const grant = this.#grantOf.get(`${license} ${psd}`);
    if (grant === undefined || grant.endedAtMs !== null) return;
    grant.endedAtMs = atMs;
    this.#withdrawals.push({
      license,
      psd,
      epoch,
      pieceCount,
      ascendingMills: Number(ascendingMills),
      returnedMills: Number(returnedMills),
      withdrawnAtMs: atMs,
    });
  }

  revokeLicense(license: number, revokedAtMs: number): void {
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

  /** A user hands a mark back as unused and gets its postage; each mark once. */
  refundPiece(piece: Omit<RefundedPiece, 'refundedAtMs'>): 'refunded' | OfficeRefusal {
    const isKnown = this.#refunds.some(({ license, psd, pieceCount }) => {
      return license === piece.license && psd === piece.psd && pieceCount === piece.pieceCount;
    });
    if (isKnown) return 'already-refunded';
    this.#refunds.push({ ...piece, refundedAtMs: this.#now() });
    return 'refunded';
  }
}

type WithdrawalBody = typeof Withdrawal extends { isBody(value: unknown): value is infer Body } ? Body : never;

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
