import type { KeyObject } from 'node:crypto';
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
import { contentsOf, digestOf, isSealFailure, typeOf, unseal } from '../messages/sealed.ts';
import { LicenseRegister } from './license-register.ts';
import { OfficeKeys, type OfficeRefusal, refusal } from './office.ts';
import type { FundsPaid, GrantedLicense, RefundedPiece, WithdrawnSet } from './records.ts';

/** Conditions under which the authority grants licenses. */
export interface GrantingRules {
  readonly payment: 'prepaid' | 'postpaid';
  readonly validFromMs: number;
  readonly validToMs: number;
  /** PSDs that one license may be on (claim 6). */
  readonly psdLimitOf: (holder: string, town: string) => number;
}

/** The postal authority (WO 99/48053, Fig. 1: 26): grants and numbers licenses, and keeps the books of funds paid. */
export class PostalAuthority {
  readonly keys: OfficeKeys;
  readonly register: LicenseRegister;
  readonly #now: () => number;
  readonly #rules: GrantingRules;
  readonly #manufacturerKeys: () => readonly KeyObject[];
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
    numbersFrom = 0,
  ) {
    this.register = new LicenseRegister(numbersFrom);
    this.keys = new OfficeKeys('authority', seedOf);
    this.#now = now;
    this.#rules = rules;
    this.#manufacturerKeys = manufacturerKeys;
  }

  get records() {
    return {
      licenses: this.register.licenses,
      grants: this.register.grants,
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
    const requestDigest = digestOf(JSON.stringify(request));
    const known = this.#answers.get(requestDigest);
    if (known !== undefined) return known;
    const license = this.#licenseFor(request, forwarded.user);
    if (typeof license === 'string') return refusal(license);
    this.register.putOn(license.license, request.psd, forwarded.user, this.#now());
    const { holder, town, depositPostcode, payment, validFromMs, validToMs } = license;
    const answer = this.keys.seal(LicenseDocument, {
      license: license.license,
      psd: request.psd,
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

  #licenseFor(request: RequestedLicense, user: string): GrantedLicense | OfficeRefusal {
    if (request.existingLicense !== null) return this.register.existing(request.existingLicense, user, request);
    const terms = this.termsFor(request.holder, { name: request.town, postcode: request.depositPostcode });
    return this.register.add({ ...terms, psdLimit: this.#rules.psdLimitOf(request.holder, request.town) });
  }

  /** The usual terms of a license but for the number of its PSDs. */
  termsFor(holder: string, town: { readonly name: string; readonly postcode: string }) {
    const { payment, validFromMs, validToMs } = this.#rules;
    return { holder, town: town.name, depositPostcode: town.postcode, payment, validFromMs, validToMs };
  }

  /** Where the authority's consent to a refill is required; it books what was paid. */
  #consent(message: string): string {
    const report = unseal(RefillReport, message, ...this.#manufacturerKeys());
    if (isSealFailure(report)) return refusal(report);
    const request = contentsOf(RefillRequest, report.request);
    if (request === null) return refusal('malformed');
    const { license, psd, challenge } = request;
    const isGranted = this.register.isOn(license, psd, this.#now());
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

  #end(final: Contents<typeof Withdrawal>, atMs: number): void {
    const { license, psd, epoch, pieceCount, ascendingMills, returnedMills } = final;
    if (!this.register.takeOff(license, psd, atMs)) return;
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

  /** Pays the postage of a mark back that was handed in as unused, and looked at; each mark once. */
  refundPiece(piece: Omit<RefundedPiece, 'refundedAtMs'>): 'refunded' | OfficeRefusal {
    const isKnown = this.#refunds.some(({ license, psd, pieceCount }) => {
      return license === piece.license && psd === piece.psd && pieceCount === piece.pieceCount;
    });
    if (isKnown) return 'already-refunded';
    this.#refunds.push({ ...piece, refundedAtMs: this.#now() });
    return 'refunded';
  }
}

type Contents<Kind> = Kind extends { isBody(value: unknown): value is infer Body } ? Body : never;
type RequestedLicense = Contents<typeof LicenseRequest>;
