import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseIndicium, SIGNED_BYTES } from '../../indicium/index.ts';
import { Host } from '../../psd-sim/host/host.ts';
import { NonsecureStore } from '../../psd-sim/host/nonsecure-store.ts';
import { Offices, type Wire } from '../../psd-sim/offices/offices.ts';
import type { Guard } from '../../psd-sim/psd/guards.ts';
import { PowerCut } from '../../psd-sim/psd/memory.ts';
import { type Hardware, Psd, type PsdAnswer, type PsdMessage, type SetStatus } from '../../psd-sim/psd/psd.ts';
import { Random } from '../../psd-sim/random.ts';
import { HostileLinks, type Mischief } from './hostile-links.ts';
import { SecretSearch } from './secret-search.ts';

export const PSDS = 3;
/** Few, so that memory runs out. */
export const REGISTER_SETS = 2;
export const HOLDERS = ['Naugatuck Paper', 'Shoreline Pharmacy'] as const;
export const TOWN = { name: 'Shelton', postcode: '06484' };
const START_MS = Date.UTC(2026, 10, 20, 8);
const DEPOSIT_MILLS = 30_000n;

export type Payment = 'prepaid' | 'postpaid';

interface Books {
  /** Marks that left the PSD, by piece count. */
  readonly marks: Map<bigint, bigint>;
  readonly confirmed: Set<bigint>;
}

/**
 * Three PSDs, two users, the offices and hostile links between them, with books of its own that are compared with what
 * the PSDs show after every step. It knows nothing of how a PSD works inside.
 */
export class PatentWorld {
  readonly offices: Offices;
  readonly hosts: readonly Host[];
  readonly names: string[] = [];
  readonly licenses: number[] = [];
  readonly #links: HostileLinks;
  readonly #hardware: Hardware[] = [];
  readonly #psds: Psd[] = [];
  readonly isPostpaid: boolean;
  readonly #guards: ReadonlySet<Guard>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'indicia-patent-'));
  readonly #books = new Map<string, Books>();
  readonly #clocks: number[] = [];
  readonly #timesSigned = new Set<number>([0]);
  readonly #lastStates: Map<number, string>[] = [];
  readonly #secrets = new SecretSearch();
  #textsSearched = 0;

  private constructor(offices: Offices, guards: ReadonlySet<Guard>, payment: Payment, links: HostileLinks) {
    this.isPostpaid = payment === 'postpaid';
    this.offices = offices;
    this.#guards = guards;
    this.#links = links;
    const link = links.through((message) => offices.manufacturer.receive(message));
    this.hosts = HOLDERS.map(() => new Host(link, new NonsecureStore(this.#folder)));
  }

  static async open(guards: ReadonlySet<Guard>, payment: Payment = 'prepaid'): Promise<PatentWorld> {
    const links = new HostileLinks();
    const rules = {
      payment,
      validFromMs: START_MS - 8.64e7,
      validToMs: START_MS + 8.64e9,
      psdLimitOf: () => PSDS,
    };
    const wire: Wire = (_from, _to, link) => links.through(link);
    const offices = await Offices.open(new Random('patent world'), { nowMs: START_MS, rules, wire });
    const world = new PatentWorld(offices, guards, payment, links);
    for (const holder of HOLDERS) offices.manufacturer.deposit(holder, DEPOSIT_MILLS);
    for (let index = 0; index < PSDS; index++) world.#makePsd(index);
    world.tick(0);
    return world;
  }

  #makePsd(index: number): void {
    const identity = { manufacturer: '06', model: '2S', serial: index };
    const { hardware } = this.offices.makePsd(identity, REGISTER_SETS, this.userOf(index));
    const psd = new Psd(hardware, this.#guards);
    this.#hardware.push(hardware);
    this.#psds.push(psd);
    this.#clocks.push(0);
    this.names.push(psd.name);
    this.hostOf(index).attach(psd, 'one printer for all');
  }

  /** Every text that crossed a link or left a PSD: what an eavesdropper has. */
  get texts(): string[] {
    return this.#links.texts;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** The first two PSDs are one user's. */
  userOf(psd: number): (typeof HOLDERS)[number] {
    return psd < 2 ? HOLDERS[0] : HOLDERS[1];
  }

  hostOf(psd: number): Host {
    const host = this.hosts[psd < 2 ? 0 : 1];
    assert.ok(host !== undefined);
    return host;
  }

  name(psd: number): string {
    const name = this.names[psd];
    assert.ok(name !== undefined);
    return name;
  }

  /** What the links do with the messages of the next step, and where in a text they change it, from 0 to below 1. */
  plan(mischief: readonly Mischief[], alterAt = 0.5): void {
    this.#links.plan(mischief, alterAt);
  }

  /** Time goes on; the signed time is heard by every host. */
  tick(ms: number): string {
    this.offices.setTime(this.offices.nowMs + ms);
    const message = this.offices.manufacturer.timeMessage();
    this.#timesSigned.add(this.offices.nowMs);
    this.texts.push(message);
    for (const host of this.hosts) host.hearTime(message);
    return message;
  }

  /** A message straight to a PSD, as an attacker on its channel sends it. */
  say(psd: number, message: PsdMessage): PsdAnswer {
    const device = this.#psds[psd];
    assert.ok(device !== undefined);
    const answer = device.receive(message);
    this.#notice(psd, answer, message);
    return answer;
  }

  /**
   * Runs a step in which the power of a PSD fails after that many bytes were written, and again after so many while it
   * recovers, when that is asked for; gives whether it failed in the step.
   */
  async withPowerCut(
    psd: number,
    bytes: number,
    step: () => Promise<void>,
    bytesOfRecovery: number | null = null,
    comesUp = true,
  ): Promise<boolean> {
    const hardware = this.#hardware[psd];
    assert.ok(hardware !== undefined);
    hardware.memory.cutPowerAfter(bytes);
    let hasFailed = false;
    try {
      await step();
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      hasFailed = true;
    }
    hardware.memory.restorePower();
    if (!hasFailed) return false;
    if (bytesOfRecovery !== null) this.#failInRecovery(hardware, bytesOfRecovery);
    if (comesUp) this.#powerUp(psd, hardware);
    return true;
  }

  #failInRecovery(hardware: Hardware, bytes: number): void {
    hardware.memory.cutPowerAfter(bytes);
    assert.throws(
      () => {
        new Psd(hardware, this.#guards);
        throw new PowerCut();
      },
      PowerCut,
      'a PSD comes up, or its power fails',
    );
    hardware.memory.restorePower();
  }

  /** Lengths of the writings of a PSD while the step runs. */
  async writesOf(psd: number, step: () => Promise<unknown>): Promise<number[]> {
    const memory = this.#hardware[psd]?.memory;
    assert.ok(memory !== undefined);
    const lengths: number[] = [];
    const write = memory.write.bind(memory);
    memory.write = (at, bytes, length = bytes.length) => {
      lengths.push(length);
      write(at, bytes, length);
    };
    await step();
    memory.write = write;
    return lengths;
  }

  #powerUp(psd: number, hardware: Hardware): void {
    const device = new Psd(hardware, this.#guards);
    this.#psds[psd] = device;
    this.hostOf(psd).attach(device, 'one printer for all');
  }

  /** Licenses that the authority granted, whether or not anybody heard of it. */
  noteLicenses(): void {
    for (const { license } of this.offices.authority.records.licenses) {
      if (!this.licenses.includes(license)) this.licenses.push(license);
    }
  }

  /** Switches a PSD off and on. */
  restart(psd: number): void {
    const hardware = this.#hardware[psd];
    assert.ok(hardware !== undefined);
    this.#powerUp(psd, hardware);
  }

  sets(psd: number): readonly SetStatus[] {
    return this.hostOf(psd).sets(this.name(psd));
  }

  setOf(psd: number, license: number): SetStatus | undefined {
    return this.sets(psd).find((set) => set.license === license);
  }

  frank(psd: number, license: number, postageMills: bigint, isConfirmed: boolean): PsdAnswer {
    this.hostOf(psd).tellNews(this.name(psd));
    const request = { license, postageMills, rateCategory: 101, destinationPostcode: '06443' };
    const answer = this.say(psd, { type: 'frank', ...request });
    if (answer.type === 'franked' && isConfirmed) {
      const { pieceCount } = answer;
      this.say(psd, { type: 'printed', license, pieceCount });
      this.booksOf(psd, license).confirmed.add(pieceCount);
    }
    return answer;
  }

  booksOf(psd: number, license: number): Books {
    const key = `${psd} ${license}`;
    const books = this.#books.get(key) ?? { marks: new Map(), confirmed: new Set() };
    this.#books.set(key, books);
    return books;
  }

  isWithdrawn(psd: number, license: number): boolean {
    const { withdrawals } = this.offices.authority.records;
    return withdrawals.some((set) => set.psd === this.name(psd) && set.license === license);
  }

  #notice(psd: number, answer: PsdAnswer, message: PsdMessage): void {
    this.texts.push(JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
    if (answer.type !== 'franked') return;
    this.texts.push(answer.payload.toString('base64'));
    assert.ok(message.type === 'frank');
    const parsed = parseIndicium(answer.payload);
    assert.ok('indicium' in parsed, 'a PSD prints well-formed marks');
    const { pieceCount, license, postageMills, keyId, printedAtMs } = parsed.indicium;
    const { marks } = this.booksOf(psd, license);
    assert.ok(!marks.has(pieceCount), `piece count ${pieceCount} of ${license} on PSD ${psd} was printed twice`);
    assert.ok(postageMills > 0, 'a mark without postage');
    assert.ok(this.#timesSigned.has(printedAtMs), 'a mark with a time that nobody signed');
    marks.set(pieceCount, BigInt(postageMills));
    const key = this.offices.certifier.keys.find((certified) => certified.keyId === keyId);
    assert.ok(key !== undefined && key.license === license && key.psd === this.name(psd), 'a mark under a foreign key');
    const publicKey = createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' });
    const signed = answer.payload.subarray(0, SIGNED_BYTES);
    const signature = answer.payload.subarray(SIGNED_BYTES);
    assert.ok(verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature), 'a bad signature');
  }

  /** What must hold at all times. */
  check(): void {
    for (let psd = 0; psd < PSDS; psd++) this.#checkPsd(psd);
    this.#checkMoney();
    this.#checkSecrets();
  }

  #checkPsd(psd: number): void {
    const status = this.#psds[psd]?.receive({ type: 'status' });
    assert.ok(status?.type === 'status');
    assert.ok(status.clockMs >= (this.#clocks[psd] ?? 0), 'the time of a PSD went back');
    assert.ok(this.#timesSigned.has(status.clockMs), 'a PSD took a time that nobody signed');
    this.#clocks[psd] = status.clockMs;
    const licenses = status.sets.map((set) => set.license);
    assert.equal(new Set(licenses).size, licenses.length, 'one license twice in one PSD');
    assert.ok(licenses.length <= REGISTER_SETS);
    for (const [license] of this.#lastStates[psd] ?? []) {
      const isStored = this.hostOf(psd).store.get(this.name(psd), license, 'registers') !== null;
      const mayBeGone = licenses.includes(license) || isStored || this.isWithdrawn(psd, license);
      assert.ok(mayBeGone, `the register set of ${license} is lost`);
    }
    this.#lastStates[psd] = new Map(status.sets.map((set) => [set.license, set.state]));
    for (const set of status.sets) {
      const grants = this.offices.authority.records.grants;
      const isGranted = grants.some((grant) => grant.license === set.license && grant.psd === this.name(psd));
      assert.ok(isGranted, 'a register set that the authority never granted');
      this.#checkSet(psd, set);
    }
  }

  #checkSet(psd: number, set: SetStatus): void {
    const { license, ascendingMills, pieceCount, spoiledPieces } = set;
    const books = this.booksOf(psd, license);
    if (set.state !== 'withdrawn') assert.ok(!this.isWithdrawn(psd, license), 'a withdrawn register set is back');
    const printedMills = [...books.marks.values()].reduce((sum, mills) => sum + mills, 0n);
    assert.ok(ascendingMills >= printedMills, 'more was printed than debited');
    const undelivered = pieceCount - BigInt(books.marks.size);
    const unconfirmed = pieceCount - BigInt(books.confirmed.size);
    assert.ok(undelivered >= 0n, 'more marks than were counted');
    assert.ok(BigInt(spoiledPieces) >= undelivered, 'a debited piece that was never printed is not on record');
    assert.ok(BigInt(spoiledPieces) <= unconfirmed, 'a printed piece counts as spoiled');
    this.#checkTotal(psd, set);
  }

  /** Ascending + descending is at all times what was credited, less what was paid back. */
  #checkTotal(psd: number, { license, ascendingMills, descendingMills, askedMills, returnedMills }: SetStatus): void {
    if (descendingMills === null) {
      assert.deepEqual([askedMills, returnedMills], [0n, 0n], 'money in a set that holds none');
      assert.ok(this.#paidMills(psd, license) <= ascendingMills, 'more was billed than printed');
      return;
    }
    const { creditedMills } = this.offices.manufacturer.bookedMills(this.name(psd), license);
    const heldMills = ascendingMills + descendingMills + returnedMills;
    // The answer to a refill may be on its way: whole, or not at all.
    const isOnItsWay = askedMills > 0n && heldMills + askedMills === creditedMills;
    assert.ok(isOnItsWay || heldMills === creditedMills, `${heldMills} held, ${creditedMills} credited`);
  }

  /** What the postal authority publishes as paid. */
  #paidMills(psd: number, license: number): bigint {
    const funds = this.offices.authority.records.funds.filter((paid) => {
      return paid.psd === this.name(psd) && paid.license === license;
    });
    return funds.reduce((sum, { amountMills }) => sum + BigInt(amountMills), 0n);
  }

  /** Registers of sets that left service, as published, against the books. */
  #checkWithdrawals(): void {
    const left = this.offices.authority.records.withdrawals.map(({ psd, license }) => `${psd} ${license}`);
    assert.equal(new Set(left).size, left.length, 'a set left service twice');
    for (const { psd, license, ascendingMills, returnedMills } of this.offices.authority.records.withdrawals) {
      const index = this.names.indexOf(psd);
      const { creditedMills } = this.offices.manufacturer.bookedMills(psd, license);
      const paidMills = this.isPostpaid ? this.#paidMills(index, license) : creditedMills;
      assert.equal(BigInt(ascendingMills + returnedMills), paidMills, 'a set left service with other registers');
    }
  }

  /** Nothing is made or lost: what users paid in is on account, in registers, on paper, or was paid back. */
  #checkMoney(): void {
    this.#checkWithdrawals();
    if (this.isPostpaid) return;
    for (const holder of HOLDERS) {
      const psds = this.names.map((_, index) => index).filter((index) => this.userOf(index) === holder);
      let spentMills = 0n;
      let creditedMills = 0n;
      let paidMills = 0n;
      for (const psd of psds) {
        for (const license of this.licenses) {
          const booked = this.offices.manufacturer.bookedMills(this.name(psd), license);
          spentMills += booked.creditedMills - booked.returnedMills;
          creditedMills += booked.creditedMills;
          paidMills += this.#paidMills(psd, license);
          const printed = [...this.booksOf(psd, license).marks.values()].reduce((sum, mills) => sum + mills, 0n);
          assert.ok(printed <= booked.creditedMills - booked.returnedMills, 'postage without funds');
        }
      }
      const { manufacturer } = this.offices;
      assert.ok(manufacturer.balanceMills(holder) >= 0n, 'an account was overdrawn');
      const waitingMills = manufacturer.reservedMills(holder);
      assert.equal(manufacturer.balanceMills(holder) + waitingMills + spentMills, DEPOSIT_MILLS, 'money came or went');
      assert.ok(paidMills >= creditedMills, 'credits that the authority knows nothing of');
      assert.ok(paidMills <= creditedMills + waitingMills, 'the authority booked money that nobody paid');
    }
  }

  #checkSecrets(): void {
    for (const { memory } of this.#hardware) this.#secrets.learn(memory);
    assert.ok(this.#secrets.known >= 2 * PSDS, 'the search for secrets knows none');
    for (const text of this.texts.slice(this.#textsSearched)) this.#secrets.search(text);
    this.#textsSearched = this.texts.length;
  }

  /** Nothing on the hosts' disk is secret either. */
  checkDisk(): void {
    for (const entry of readdirSync(this.#folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) this.#secrets.search(readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    }
  }
}
