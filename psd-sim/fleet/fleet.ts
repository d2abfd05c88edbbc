import { Host } from '../host/host.ts';
import { NonsecureStore } from '../host/nonsecure-store.ts';
import { HOLDERS } from '../mail/rates.ts';
import { foundTowns, type Town } from '../mail/towns.ts';
import type { Link } from '../offices/office.ts';
import type { Offices } from '../offices/offices.ts';
import { ALL_GUARDS, type Guard } from '../psd/guards.ts';
import { type Hardware, Psd } from '../psd/psd.ts';
import type { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';

/** One license on one PSD: where a user can frank. */
export interface Slot {
  readonly host: Host;
  readonly psd: string;
  readonly license: number;
  readonly holder: string;
  readonly town: Town;
}

/** Register sets that one PSD has room for: three in use (Fig. 3: 51a, b, c) and one to spare. */
export const SETS_IN_USE = 3;
const REGISTER_SETS = SETS_IN_USE + 1;
/** So much is on the account of each user that an honest refill is never refused. */
const DEPOSIT_MILLS = 10n ** 12n;
const FIRST_SERIAL = 5_520_023;
/** Serial numbers have 32 bits: room for 60 parts. */
const SERIALS_PER_PART = 70_000_000;
const DAYS_30_MS = 30 * 24 * 3_600_000;

/** Everybody who franks: hosts with their PSDs, and the towns they live in. */
export class Fleet {
  readonly offices: Offices;
  readonly towns: readonly Town[];
  /** Where honest users frank. */
  readonly slots: Slot[] = [];
  readonly #hardware = new Map<string, Hardware>();
  readonly #users = new Map<string, string>();
  readonly #hosts = new Set<Host>();
  readonly #anchors: string[] = [];
  readonly #link: Link;
  readonly #folder: string;
  readonly #firstSerial: number;

  constructor(offices: Offices, link: Link, folder: string, towns: readonly Town[], part: number) {
    this.#firstSerial = FIRST_SERIAL + part * SERIALS_PER_PART;
    this.offices = offices;
    this.towns = towns;
    this.#link = link;
    this.#folder = folder;
  }

  /** Everything that hosts were told of new keys. */
  get anchors(): readonly string[] {
    return this.#anchors;
  }

  get psds(): string[] {
    return [...this.#hardware.keys()];
  }

  newHost(): Host {
    const host = new Host(this.#link, new NonsecureStore(this.#folder));
    this.#hosts.add(host);
    for (const message of this.#anchors) host.hearAnchor(message);
    host.hearTime(this.offices.manufacturer.timeMessage());
    return host;
  }

  /** A PSD from the factory, attached to a host; the guards are all there but in an attacker's hands. */
  newPsd(host: Host, user: string, guards: ReadonlySet<Guard> = ALL_GUARDS): string {
    const index = this.#hardware.size;
    const identity = {
      manufacturer: '06',
      model: index % 2 === 0 ? '2S' : '1V',
      serial: this.#firstSerial + index * 7,
    };
    const { hardware } = this.offices.makePsd(identity, REGISTER_SETS, user);
    const psd = new Psd(hardware, guards);
    this.#hardware.set(psd.name, hardware);
    this.#users.set(psd.name, user);
    if (this.offices.manufacturer.balanceMills(user) === 0n) this.offices.manufacturer.deposit(user, DEPOSIT_MILLS);
    host.attach(psd, `printer of ${psd.name}`);
    return psd.name;
  }

  userOf(psd: string): string {
    return this.#users.get(psd) ?? '';
  }

  hardwareOf(psd: string): Hardware {
    const hardware = this.#hardware.get(psd);
    if (hardware === undefined) throw new RangeError(`${psd} is not of this fleet`);
    return hardware;
  }

  /** The clock of the whole simulation; every host hears the signed time. */
  setTime(nowMs: number): void {
    if (nowMs === this.offices.nowMs) return;
    this.offices.setTime(nowMs);
    const message = this.offices.manufacturer.timeMessage();
    for (const host of this.#hosts) host.hearTime(message);
  }

  /** An office has replaced its key; every host hears it. */
  hearAnchor(message: string): void {
    this.#anchors.push(message);
    for (const host of this.#hosts) host.hearAnchor(message);
  }

  /** Every honest register set states its registers, and is billed where it is postpaid. */
  async auditAll(): Promise<void> {
    for (const { host, psd, license } of this.slots) {
      const audited = await host.audit(psd, license);
      if (audited !== 'audited') throw new Error(`${psd} was not audited for ${license}: ${audited}`);
    }
  }

  /** @throws Error when the license is refused: an honest user's never is. */
  async license(
    host: Host,
    psd: string,
    holder: string,
    town: Town,
    existingLicense: number | null = null,
  ): Promise<number> {
    const wish = { holder, town: town.name, depositPostcode: town.postcode, existingLicense };
    const license = await host.obtainLicense(psd, wish);
    if (typeof license === 'string') throw new Error(`no license for ${holder} on ${psd}: ${license}`);
    return license;
  }
}

export interface FleetPlan {
  readonly offices: Offices;
  readonly link: Link;
  readonly folder: string;
  readonly random: Random;
  readonly part: number;
}

type FleetSize = Pick<Scenario, 'psds' | 'licenses' | 'dayMs'>;

/**
 * Licenses over PSDs as WO 99/48053 allows: each PSD works for one license first; where there are more PSDs than
 * licenses, a license is on several of them (claim 6); every third PSD carries a second license (Fig. 3).
 */
export async function buildFleet(
  { psds: psdCount, licenses: licenseCount, dayMs }: FleetSize,
  { offices, link, folder, random, part }: FleetPlan,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Fleet> {
  const fleet = new Fleet(offices, link, folder, foundTowns(licenseCount, random.stream('towns')), part);
  fleet.setTime(dayMs - DAYS_30_MS);
  const pairs = plannedPairs(psdCount, licenseCount);
  const companies = companiesOf(pairs, psdCount);
  const hosts = new Map<number, Host>();
  const psds: { readonly name: string; readonly host: Host }[] = [];
  for (let index = 0; index < psdCount; index++) {
    const company = companies[index] ?? index;
    const host = hosts.get(company) ?? fleet.newHost();
    hosts.set(company, host);
    psds.push({ name: fleet.newPsd(host, `company ${company + 1}`), host });
  }
  const licenseOf = new Map<number, number>();
  for (const [done, pair] of pairs.entries()) {
    const psd = psds[pair.psd];
    const town = fleet.towns[pair.license % fleet.towns.length];
    if (psd === undefined || town === undefined) throw new RangeError('a pair outside the fleet');
    const holder = holderName(pair.license);
    const known = licenseOf.get(pair.license) ?? null;
    const license = await fleet.license(psd.host, psd.name, holder, town, known);
    licenseOf.set(pair.license, license);
    fleet.slots.push({ host: psd.host, psd: psd.name, license, holder, town });
    onProgress(done + 1, pairs.length);
  }
  return fleet;
}

/** PSDs that each license of a fleet is on, in the order in which licenses are numbered. */
export function psdLimits(psds: number, licenses: number): (holder: string) => number {
  const counts = new Map<string, number>();
  for (const { license } of plannedPairs(psds, licenses)) {
    const holder = holderName(license);
    counts.set(holder, (counts.get(holder) ?? 0) + 1);
  }
  return (holder) => counts.get(holder) ?? 1;
}

function holderName(license: number): string {
  const holder = HOLDERS[license % HOLDERS.length] ?? 'Holder';
  return license < HOLDERS.length ? holder : `${holder} ${Math.floor(license / HOLDERS.length) + 1}`;
}

function plannedPairs(psds: number, licenses: number): { psd: number; license: number }[] {
  const pairs = new Map<string, { psd: number; license: number }>();
  const room = Array.from({ length: psds }, () => SETS_IN_USE);
  const add = (psd: number, license: number) => {
    const key = `${psd} ${license}`;
    if (pairs.has(key) || (room[psd] ?? 0) === 0) return;
    room[psd] = (room[psd] ?? 0) - 1;
    pairs.set(key, { psd, license });
  };
  for (let psd = 0; psd < psds; psd++) add(psd, psd % licenses);
  for (let license = psds; license < licenses; license++) add(license % psds, license);
  for (let psd = 0; psd < psds; psd += 3) add(psd, (psd + 1) % licenses);
  return [...pairs.values()];
}

/** PSDs that share a license belong to one company, with one host; gives the company of each PSD. */
function companiesOf(pairs: readonly { psd: number; license: number }[], psds: number): number[] {
  const company = Array.from({ length: psds }, (_, psd) => psd);
  const root = (psd: number): number => {
    const parent = company[psd] ?? psd;
    return parent === psd ? psd : root(parent);
  };
  const first = new Map<number, number>();
  for (const { psd, license } of pairs) {
    const other = first.get(license);
    if (other === undefined) first.set(license, psd);
    else company[root(psd)] = root(other);
  }
  return company.map((_, psd) => root(psd));
}
