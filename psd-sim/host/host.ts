import { CountersignedLicense, Receipt, RefillCredit, RefillRefusal, WithdrawalReceipt } from '../messages/kinds.ts';
import { typeOf } from '../messages/sealed.ts';
import { certificateIn } from '../offices/certificate-authority.ts';
import { type Link, type OfficeRefusal, refusalIn } from '../offices/office.ts';
import type { Franking, FrankingRequest } from '../psd/franking.ts';
import type { PsdRefusal } from '../psd/guards.ts';
import type { LicenseOptions } from '../psd/licensing.ts';
import type { Psd, SetStatus } from '../psd/psd.ts';
import type { NonsecureStore } from './nonsecure-store.ts';

/** Why the user did not get what he asked for. */
type HostFailure = PsdRefusal | OfficeRefusal | 'link-failed' | 'not-stored';

/** A mark on its way to a printer. */
export interface Printed extends Franking {
  readonly psd: string;
  readonly printer: string;
}

interface Attached {
  readonly psd: Psd;
  readonly printer: string;
  time: string;
  anchorsTold: number;
}

/**
 * The user's computer (WO 99/48053, Fig. 1: 21) with its PSDs, printers and disk. It passes messages on and keeps
 * licenses and certificates; nothing depends on its honesty.
 */
export class Host {
  readonly store: NonsecureStore;
  readonly #manufacturer: Link;
  readonly #attached = new Map<string, Attached>();
  #time = '';
  readonly #anchors: string[] = [];

  constructor(manufacturer: Link, store: NonsecureStore) {
    this.#manufacturer = manufacturer;
    this.store = store;
  }

  /** Two PSDs may have a printer each (claim 6), or one together (claim 7). */
  attach(psd: Psd, printer: string): void {
    this.#attached.set(psd.name, { psd, printer, time: '', anchorsTold: 0 });
  }

  detach(psd: string): void {
    this.#attached.delete(psd);
  }

  get psds(): string[] {
    return [...this.#attached.keys()];
  }

  /** Hears the manufacturer's signed time, which each PSD is told before it franks. */
  hearTime(message: string): void {
    this.#time = message;
  }

  /** Hears that an office has a new key. A PSD must be told of each in turn, however long it was switched off. */
  hearAnchor(message: string): void {
    this.#anchors.push(message);
  }

  /** Tells a PSD what was heard since it was told last. */
  tellNews(psd: string): void {
    const attached = this.#attached.get(psd);
    if (attached === undefined) return;
    for (; attached.anchorsTold < this.#anchors.length; attached.anchorsTold++) {
      attached.psd.receive({ type: 'new-anchor', message: this.#anchors[attached.anchorsTold] ?? '' });
    }
    if (attached.time === this.#time) return;
    attached.psd.receive({ type: 'time', message: this.#time });
    attached.time = this.#time;
  }

  sets(psd: string): readonly SetStatus[] {
    const answer = this.psd(psd).receive({ type: 'status' });
    return answer.type === 'status' ? answer.sets : [];
  }

  /** Fig. 4, from the user's request to a register set that can frank; gives the license number. */
  async obtainLicense(psd: string, options: LicenseOptions): Promise<number | HostFailure> {
    this.tellNews(psd);
    const requested = this.psd(psd).receive({ type: 'request-license', ...options });
    if (requested.type !== 'requested') return reasonOf(requested);
    const license = await this.#ask(requested.request, CountersignedLicense.type);
    if (typeof license === 'string') return license;
    return this.installLicense(psd, license.text);
  }

  /**
   * Has a license signed anew with the offices' present keys, for a register set that was on the disk while they were
   * replaced: its PSD keeps only a few of the earlier ones.
   */
  async renewLicense(
    psd: string,
    license: number,
    options: Omit<LicenseOptions, 'existingLicense'>,
  ): Promise<'renewed' | HostFailure> {
    this.tellNews(psd);
    const requested = this.psd(psd).receive({ type: 'request-license', ...options, existingLicense: license });
    if (requested.type !== 'requested') return reasonOf(requested);
    const document = await this.#ask(requested.request, CountersignedLicense.type);
    if (typeof document === 'string') return document;
    this.store.put(psd, license, 'license', document.text);
    return 'renewed';
  }

  /** Calls a move to the disk off; what is there is worth nothing from then on. */
  cancelMove(psd: string, license: number): 'canceled' | HostFailure {
    const answer = this.psd(psd).receive({ type: 'cancel-export', license });
    return answer.type === 'done' ? 'canceled' : reasonOf(answer);
  }

  /** Block 67: hands a signed license to a PSD, and has its new key certified. */
  async installLicense(psd: string, document: string): Promise<number | HostFailure> {
    this.tellNews(psd);
    const installed = this.psd(psd).receive({ type: 'install-license', license: document });
    if (installed.type !== 'installed') return reasonOf(installed);
    this.store.put(psd, installed.license, 'license', document);
    const failure = await this.#certify(psd, installed.license, installed.certificateRequest);
    return failure ?? installed.license;
  }

  /** A new key pair for a register set; marks carry the old key's id until the new key is certified. */
  async renewKey(psd: string, license: number): Promise<'renewed' | HostFailure> {
    this.tellNews(psd);
    const installed = this.psd(psd).receive({ type: 'renew-key', license });
    if (installed.type !== 'installed') return reasonOf(installed);
    return (await this.#certify(psd, license, installed.certificateRequest)) ?? 'renewed';
  }

  async #certify(psd: string, license: number, request: string): Promise<HostFailure | null> {
    const answer = await this.#manufacturer(request);
    const certificate = certificateIn(answer);
    if (certificate === null) return refusalIn(answer) ?? 'link-failed';
    const answered = this.psd(psd).receive({ type: 'install-certificate', license, certificate });
    if (answered.type !== 'done') return reasonOf(answered);
    this.store.put(psd, license, 'certificate', certificate);
    return null;
  }

  /** Franks on that PSD, and tells it that the mark is printed. */
  frank(psd: string, request: FrankingRequest): Printed | PsdRefusal {
    const attached = this.#attached.get(psd);
    if (attached === undefined) return 'not-in-service';
    this.tellNews(psd);
    const answer = attached.psd.receive({ type: 'frank', ...request });
    if (answer.type !== 'franked') return answer.type === 'refused' ? answer.reason : 'malformed';
    const { license } = request;
    attached.psd.receive({ type: 'printed', license, pieceCount: answer.pieceCount });
    return { ...answer, psd, printer: attached.printer };
  }

  /** Claims 6 and 7: franks on the first PSD with that license that is in service and has the funds. */
  frankUnder(request: FrankingRequest): Printed | PsdRefusal {
    let reason: PsdRefusal = 'no-such-license';
    for (const psd of this.psds) {
      const printed = this.frank(psd, request);
      if (typeof printed !== 'string') return printed;
      if (printed !== 'no-such-license') reason = printed;
    }
    return reason;
  }

  /** Reset ("refill") of one register set; safe to repeat after a failure of the link. */
  async refill(
    psd: string,
    license: number,
    amountMills: bigint,
  ): Promise<'refilled' | 'refill-refused' | HostFailure> {
    this.tellNews(psd);
    const asked = this.psd(psd).receive({ type: 'ask-refill', license, amountMills });
    if (asked.type !== 'stated') return reasonOf(asked);
    const credit = await this.#ask(asked.statement, RefillCredit.type, RefillRefusal.type);
    if (typeof credit === 'string') return credit;
    const answer = this.psd(psd).receive({ type: 'refill', message: credit.text });
    if (answer.type !== 'done') return reasonOf(answer);
    return answer.what === 'refilled' ? 'refilled' : 'refill-refused';
  }

  /** States both registers to the manufacturer and the authority. */
  async audit(psd: string, license: number): Promise<'audited' | HostFailure> {
    this.tellNews(psd);
    const stated = this.psd(psd).receive({ type: 'audit', license });
    if (stated.type !== 'stated') return reasonOf(stated);
    const receipt = await this.#ask(stated.statement, Receipt.type);
    return typeof receipt === 'string' ? receipt : 'audited';
  }

  /** Takes a register set out of service; the balance goes back to the user's account. */
  async withdraw(psd: string, license: number): Promise<'withdrawn' | HostFailure> {
    this.tellNews(psd);
    const stated = this.psd(psd).receive({ type: 'withdraw', license });
    if (stated.type !== 'stated') return reasonOf(stated);
    const receipt = await this.#ask(stated.statement, WithdrawalReceipt.type);
    if (typeof receipt === 'string') return receipt;
    const answer = this.psd(psd).receive({ type: 'withdrawal-receipt', message: receipt.text });
    return answer.type === 'done' ? 'withdrawn' : reasonOf(answer);
  }

  /** Fig. 5: moves a register set to the disk. */
  moveOut(psd: string, license: number): 'moved-out' | HostFailure {
    const exported = this.psd(psd).receive({ type: 'export', license });
    if (exported.type !== 'exported') return reasonOf(exported);
    this.store.put(psd, license, 'registers', exported.exportedSet);
    const stored = this.store.get(psd, license, 'registers') ?? '';
    const answer = this.psd(psd).receive({ type: 'stored', exportedSet: stored });
    return answer.type === 'done' ? 'moved-out' : reasonOf(answer);
  }

  /** Fig. 5: moves a register set back from the disk. */
  moveIn(psd: string, license: number): 'moved-in' | HostFailure {
    const exportedSet = this.store.get(psd, license, 'registers');
    const document = this.store.get(psd, license, 'license');
    if (exportedSet === null || document === null) return 'not-stored';
    this.tellNews(psd);
    const answer = this.psd(psd).receive({ type: 'import', exportedSet, license: document });
    if (answer.type !== 'done') return reasonOf(answer);
    this.store.remove(psd, license, 'registers');
    return 'moved-in';
  }

  /** An answer of one of those types; the link may have lost or changed it. */
  async #ask(message: string, ...types: readonly string[]): Promise<{ readonly text: string } | HostFailure> {
    const text = await this.#manufacturer(message);
    const type = typeOf(text);
    if (type !== null && types.includes(type)) return { text };
    return refusalIn(text) ?? 'link-failed';
  }

  psd(name: string): Psd {
    const attached = this.#attached.get(name);
    if (attached === undefined) throw new RangeError(`${name} is not attached to this host`);
    return attached.psd;
  }
}

function reasonOf(answer: { readonly type: string; readonly reason?: PsdRefusal }): HostFailure {
  return answer.reason ?? 'malformed';
}
