import { type Manufactured, manufacturePsd } from '../psd/factory.ts';
import { type Anchors, type PsdIdentity, psdName } from '../psd/secure-records.ts';
import type { Random } from '../random.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { CertificateIssuer } from './certificate-issuer.ts';
import { Manufacturer } from './manufacturer.ts';
import type { Link } from './office.ts';
import { type GrantingRules, PostalAuthority } from './postal-authority.ts';
import { RefundCounter } from './refund-counter.ts';

/** What stands between two offices; tests put hostile ones here. */
export type Wire = (from: string, to: string, link: Link) => Link;

/** Far more than one part of a post will ever number. */
const NUMBERS_PER_PART = 100_000_000;

const DIRECT: Wire = (_from, _to, link) => link;

interface OfficesPlan {
  readonly rules: GrantingRules;
  readonly nowMs: number;
  readonly wire?: Wire;
  /** Number of this part of a post: licenses and keys are numbered apart from those of other parts. */
  readonly part?: number;
}

/** Manufacturer, postal authority and certificate authority (WO 99/48053, Fig. 1: 24 and 26), and one clock for all. */
export class Offices {
  readonly manufacturer: Manufacturer;
  readonly authority: PostalAuthority;
  readonly certifier: CertificateAuthority;
  readonly issuer: CertificateIssuer;
  readonly refunds: RefundCounter;
  readonly #random: Random;
  #nowMs: number;

  private constructor(
    issuer: CertificateIssuer,
    random: Random,
    { rules, nowMs, wire = DIRECT, part = 0 }: OfficesPlan,
  ) {
    this.issuer = issuer;
    this.#random = random;
    this.#nowMs = nowMs;
    const now = () => this.#nowMs;
    const manufacturerKeys = () => this.manufacturer.keys.publicKeys;
    const seedOf = (role: string) => (number: number) => random.bytes(`${role} ${number}`);
    this.authority = new PostalAuthority(seedOf('authority'), now, rules, manufacturerKeys, part * NUMBERS_PER_PART);
    this.certifier = new CertificateAuthority(issuer, rules, manufacturerKeys, part * NUMBERS_PER_PART);
    this.refunds = new RefundCounter(this.authority, this.certifier);
    this.manufacturer = new Manufacturer(seedOf('manufacturer'), now, {
      authority: wire('manufacturer', 'authority', (message) => this.authority.receive(message)),
      certifier: wire('manufacturer', 'certifier', (message) => this.certifier.receive(message)),
      authorityKeys: () => this.authority.keys.publicKeys,
    });
  }

  static async open(random: Random, plan: OfficesPlan): Promise<Offices> {
    const issuer = await CertificateIssuer.create((number) => random.bytes(`certifier ${number}`), plan.nowMs);
    return new Offices(issuer, random, plan);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Virtual time: goes on as the simulation says. */
  setTime(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** A PSD leaves the factory for its user. */
  makePsd(identity: PsdIdentity, registerSets: number, user: string): Manufactured {
    const name = psdName(identity);
    const anchors: Anchors = {
      manufacturer: this.manufacturer.keys.anchor,
      authority: this.authority.keys.anchor,
      certifier: this.issuer.keys.anchor,
    };
    const made = manufacturePsd({ identity, registerSets, anchors, seed: this.#random.bytes(`psd ${name}`) });
    this.manufacturer.registerDevice(name, made.deviceSpki, user);
    return made;
  }
}
