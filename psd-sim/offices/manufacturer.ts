import type { KeyObject } from 'node:crypto';
import { publicKeyFrom } from '../key-pair.ts';
import {
  Audit,
  CertificateRequest,
  CountersignedLicense,
  EndorsedCertificateRequest,
  ForwardedRequest,
  LicenseDocument,
  LicenseRequest,
  Receipt,
  RefillConsent,
  RefillCredit,
  RefillRefusal,
  RefillReport,
  RefillRequest,
  Report,
  SignedTime,
  Withdrawal,
  WithdrawalReceipt,
} from '../messages/kinds.ts';
import { contentsOf, digestOf, isSealFailure, type MessageKind, typeOf, unseal } from '../messages/sealed.ts';
import { type Link, OfficeKeys, type OfficeRefusal, refusal } from './office.ts';
import { SetBooks } from './set-books.ts';

/** Where the manufacturer's own letters go. */
interface ManufacturerLinks {
  /** Fig. 1: 25. */
  readonly authority: Link;
  readonly certifier: Link;
  readonly authorityKeys: () => readonly KeyObject[];
}

/** The manufacturer (WO 99/48053, Fig. 1: 24): knows its PSDs, vouches for them, and sells refills. */
export class Manufacturer {
  readonly keys: OfficeKeys;
  readonly #now: () => number;
  readonly #links: ManufacturerLinks;
  readonly #devices = new Map<string, { readonly publicKey: KeyObject; readonly user: string }>();
  readonly #balanceMills = new Map<string, bigint>();
  readonly #books = new Map<string, SetBooks>();
  readonly #reserved = new Map<string, { readonly user: string; readonly amountMills: bigint }>();
  #time: { readonly timeMs: number; readonly message: string } | null = null;

  constructor(seedOf: (number: number) => Buffer, now: () => number, links: ManufacturerLinks) {
    this.keys = new OfficeKeys('manufacturer', seedOf);
    this.#now = now;
    this.#links = links;
  }

  /** A PSD leaves the factory for a user. */
  registerDevice(psd: string, deviceSpki: Buffer, user: string): void {
    this.#devices.set(psd, { publicKey: publicKeyFrom(deviceSpki), user });
  }

  get devices(): { psd: string; user: string }[] {
    return [...this.#devices].map(([psd, { user }]) => ({ psd, user }));
  }

  deposit(user: string, amountMills: bigint): void {
    this.#balanceMills.set(user, this.balanceMills(user) + amountMills);
  }

  balanceMills(user: string): bigint {
    return this.#balanceMills.get(user) ?? 0n;
  }

  /** The signed time of this minute: one message serves every PSD. */
  timeMessage(): string {
    const timeMs = this.#now();
    if (this.#time?.timeMs !== timeMs) {
      this.#time = { timeMs, message: this.keys.seal(SignedTime, { timeMs }) };
    }
    return this.#time.message;
  }

  async receive(message: string): Promise<string> {
    switch (typeOf(message)) {
      case LicenseRequest.type:
        return this.#forward(message);
      case CertificateRequest.type:
        return this.#endorse(message);
      case RefillRequest.type:
        return this.#refill(message);
      case Audit.type:
        return this.#audit(message);
      case Withdrawal.type:
        return this.#withdraw(message);
      default:
        return refusal('unknown-message');
    }
  }

  /** Fig. 4, blocks 63, 64 and 66: verifies the origin, asks the authority, verifies its license and countersigns. */
  async #forward(message: string): Promise<string> {
    const request = this.#fromPsd(LicenseRequest, message);
    if (typeof request === 'string') return refusal(request);
    const answer = await this.#links.authority(
      this.keys.seal(ForwardedRequest, { request: message, user: this.#devices.get(request.psd)?.user ?? '' }),
    );
    if (typeOf(answer) !== LicenseDocument.type) return answer;
    const license = unseal(LicenseDocument, answer, ...this.#links.authorityKeys());
    if (isSealFailure(license)) return refusal(license);
    if (license.psd !== request.psd || license.requestDigest !== digestOf(JSON.stringify(request))) {
      return refusal('request-altered');
    }
    return this.keys.seal(CountersignedLicense, { license: answer });
  }

  async #endorse(message: string): Promise<string> {
    const request = this.#fromPsd(CertificateRequest, message);
    if (typeof request === 'string') return refusal(request);
    return this.#links.certifier(this.keys.seal(EndorsedCertificateRequest, { request: message }));
  }

  /** Funds are checked against the control total of the set: what it holds must be what was paid into it. */
  async #refill(message: string): Promise<string> {
    const request = this.#fromPsd(RefillRequest, message);
    if (typeof request === 'string') return refusal(request);
    const { psd, license, challenge } = request;
    const books = this.#booksOf(psd, license);
    const known = books.answerTo(challenge);
    if (known !== undefined) return known;
    const fault = books.isOld(request.refillNumber) ? 'registers-went-back' : books.faultIn(request);
    if (fault !== null) return refusal(fault);
    const user = this.#devices.get(psd)?.user ?? '';
    const isReserved = this.#reserve(user, challenge, BigInt(request.amountMills));
    const isGranted = isReserved && (await this.#hasConsent(message, challenge));
    // While the authority was asked the same request may have been answered already.
    const meanwhile = books.answerTo(challenge);
    if (meanwhile !== undefined) return meanwhile;
    // Whether the authority has booked it is not known: the money waits for the PSD to ask again.
    if (isGranted === null) return refusal('authority-refused');
    const amountMills = this.#reserved.get(challenge)?.amountMills ?? 0n;
    this.#reserved.delete(challenge);
    if (isGranted) books.credit(amountMills);
    else this.deposit(user, amountMills);
    const answer = isGranted
      ? this.keys.seal(RefillCredit, { psd, license, challenge, amountMills: request.amountMills })
      : this.keys.seal(RefillRefusal, { psd, license, challenge });
    books.noteAnswer(request, answer);
    return answer;
  }

  /** Takes the money off the account before anybody else can spend it; false when there is not enough. */
  #reserve(user: string, challenge: string, amountMills: bigint): boolean {
    if (this.#reserved.has(challenge)) return true;
    if (this.balanceMills(user) < amountMills) return false;
    this.deposit(user, -amountMills);
    this.#reserved.set(challenge, { user, amountMills });
    return true;
  }

  /** Money of a user that waits for an answer of the authority. */
  reservedMills(user: string): bigint {
    return [...this.#reserved.values()].reduce((sum, its) => (its.user === user ? sum + its.amountMills : sum), 0n);
  }

  /** Null when the authority could not be reached, or its answer was not genuine: nothing is decided then. */
  async #hasConsent(request: string, challenge: string): Promise<boolean | null> {
    const report = this.keys.seal(RefillReport, { request, paidAtMs: this.#now() });
    const consent = unseal(RefillConsent, await this.#links.authority(report), ...this.#links.authorityKeys());
    return isSealFailure(consent) || consent.challenge !== challenge ? null : consent.isGranted;
  }

  async #audit(message: string): Promise<string> {
    const statement = this.#fromPsd(Audit, message);
    if (typeof statement === 'string') return refusal(statement);
    const books = this.#booksOf(statement.psd, statement.license);
    const fault = books.faultIn(statement);
    if (fault !== null) return refusal(fault);
    const receipt = await this.#report(message);
    if (isSealFailure(receipt)) return refusal('authority-refused');
    books.note(statement);
    return this.keys.seal(Receipt, receipt);
  }

  async #withdraw(message: string): Promise<string> {
    const statement = this.#fromPsd(Withdrawal, message);
    if (typeof statement === 'string') return refusal(statement);
    const { psd, license, returnedMills } = statement;
    const books = this.#booksOf(psd, license);
    const fault = books.isWithdrawn ? null : books.faultIn(statement, BigInt(returnedMills));
    if (fault !== null) return refusal(fault);
    if (isSealFailure(await this.#report(message))) return refusal('authority-refused');
    if (!books.isWithdrawn) {
      books.withdraw(BigInt(returnedMills));
      this.deposit(this.#devices.get(psd)?.user ?? '', BigInt(returnedMills));
    }
    return this.keys.seal(WithdrawalReceipt, { psd, license, returnedMills });
  }

  async #report(enclosed: string) {
    const answer = await this.#links.authority(this.keys.seal(Report, { enclosed, atMs: this.#now() }));
    return unseal(Receipt, answer, ...this.#links.authorityKeys());
  }

  /** Fig. 4, block 63: the signature is that of the PSD named. */
  #fromPsd<Body extends { readonly psd: string }>(kind: MessageKind<Body>, message: string): Body | OfficeRefusal {
    const claimed = contentsOf(kind, message);
    if (claimed === null) return 'malformed';
    const device = this.#devices.get(claimed.psd);
    if (device === undefined) return 'unknown-psd';
    return unseal(kind, message, device.publicKey);
  }

  #booksOf(psd: string, license: number): SetBooks {
    const key = `${psd} ${license}`;
    const books = this.#books.get(key) ?? new SetBooks();
    this.#books.set(key, books);
    return books;
  }

  /** Credits and returns as booked, for those who compare them with the PSD's registers. */
  bookedMills(psd: string, license: number): Pick<SetBooks, 'creditedMills' | 'returnedMills'> {
    return this.#booksOf(psd, license);
  }
}
