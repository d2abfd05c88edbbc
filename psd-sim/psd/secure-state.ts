import type { KeyObject } from 'node:crypto';
import { type KeyPair, keyPairFrom, publicKeyFrom } from '../key-pair.ts';
import type { Role } from '../messages/kinds.ts';
import { Cell } from './cell.ts';
import type { Guard } from './guards.ts';
import type { NonvolatileMemory } from './memory.ts';
import { RegisterSlot } from './register-slot.ts';
import {
  type Anchors,
  parseAnchors,
  parseRom,
  parseTombstone,
  psdName,
  type Rom,
  type Tombstone,
} from './secure-records.ts';

const ROM_BYTES = 300;
const CLOCK_BYTES = 8;
const REQUEST_BYTES = 32;
const ANCHORS_BYTES = 1_400;
const TOMBSTONE_BYTES = 120;
const LICENSE_BYTES = 6;
/** Licenses that a PSD can remember to have left for good: a user moves or gives up a license a few times a year. */
export const WITHDRAWN_MAX = 100;
/** Register sets that a PSD can remember to be elsewhere. */
export const TOMBSTONES_MAX = 16;

/** Everything within the secure housing (Fig. 3: 40; Fig. 5: 44): what the memory holds, and what follows from it. */
export class SecureState {
  readonly guards: ReadonlySet<Guard>;
  readonly rom: Rom;
  readonly name: string;
  readonly device: KeyPair;
  readonly slots: readonly RegisterSlot[];
  readonly #entropy: () => Buffer;
  readonly #clock: Cell;
  readonly #request: Cell;
  readonly #anchorsCell: Cell;
  readonly #withdrawn: Cell;
  readonly #tombstoneCells: readonly Cell[];
  #clockMs: number;
  #anchors: Anchors;

  /** Powers up: reads the memory and finishes what a power cut left half done. */
  constructor(memory: NonvolatileMemory, entropy: () => Buffer, guards: ReadonlySet<Guard>) {
    this.#entropy = entropy;
    this.guards = guards;
    const copies = guards.has('two-copies') ? 2 : 1;
    let at = 0;
    const cell = (capacity: number) => {
      const made = new Cell(memory, at, capacity, copies);
      at += Cell.bytes(capacity);
      return made;
    };
    this.rom = parseRom(cell(ROM_BYTES).read());
    this.name = psdName(this.rom.identity);
    this.device = keyPairFrom(Buffer.from(this.rom.deviceSeed, 'base64'));
    this.#anchorsCell = cell(ANCHORS_BYTES);
    this.#anchors = parseAnchors(this.#anchorsCell.read());
    this.#clock = cell(CLOCK_BYTES);
    this.#clockMs = this.#clock.read()?.readUIntBE(0, 6) ?? 0;
    this.#request = cell(REQUEST_BYTES);
    this.#withdrawn = cell(WITHDRAWN_MAX * LICENSE_BYTES);
    this.#tombstoneCells = Array.from({ length: TOMBSTONES_MAX }, () => cell(TOMBSTONE_BYTES));
    this.slots = Array.from({ length: this.rom.registerSets }, () => new RegisterSlot(cell));
    this.#recover();
  }

  /** Memory that a PSD with room for that many register sets has. */
  static memoryBytes(registerSets: number): number {
    const capacities = [ROM_BYTES, ANCHORS_BYTES, CLOCK_BYTES, REQUEST_BYTES, WITHDRAWN_MAX * LICENSE_BYTES];
    const cells = capacities.map(Cell.bytes);
    const fixed = cells.reduce((sum, bytes) => sum + bytes, TOMBSTONES_MAX * Cell.bytes(TOMBSTONE_BYTES));
    return fixed + registerSets * RegisterSlot.bytes;
  }

  /** The factory's part: identity, keys, and the public keys of the offices. */
  static burnIn(memory: NonvolatileMemory, rom: Rom, anchors: Anchors): void {
    new Cell(memory, 0, ROM_BYTES).write(Buffer.from(JSON.stringify(rom)));
    new Cell(memory, Cell.bytes(ROM_BYTES), ANCHORS_BYTES).write(Buffer.from(JSON.stringify(anchors)));
  }

  /** With which the PSD knows its own exports again; made when it is needed, which is seldom. */
  get devicePublicKey(): KeyObject {
    return publicKeyFrom(this.device.spki);
  }

  has(guard: Guard): boolean {
    return this.guards.has(guard);
  }

  /** 32 bytes that nobody outside can foresee. */
  random(): Buffer {
    return this.#entropy();
  }

  nonce(): string {
    return this.#entropy().toString('hex', 0, 16);
  }

  get clockMs(): number {
    return this.#clockMs;
  }

  setClock(timeMs: number): void {
    const bytes = Buffer.alloc(6);
    bytes.writeUIntBE(timeMs, 0, 6);
    this.#clock.write(bytes);
    this.#clockMs = timeMs;
  }

  /** Digest of the license request that is under way. */
  get requestDigest(): string | null {
    return this.#request.read()?.toString('hex') ?? null;
  }

  setRequestDigest(digest: string | null): void {
    this.#request.write(digest === null ? new Uint8Array() : Buffer.from(digest, 'hex'));
  }

  anchorNumber(role: Role): number {
    return this.#anchors[role].number;
  }

  anchorKeys(role: Role): KeyObject[] {
    return this.#anchors[role].spkis.map(anchorKey);
  }

  anchorSpkis(role: Role): readonly string[] {
    return this.#anchors[role].spkis;
  }

  setAnchor(role: Role, number: number, spkis: readonly string[]): void {
    const anchors = { ...this.#anchors, [role]: { number, spkis } };
    this.#anchorsCell.write(Buffer.from(JSON.stringify(anchors)));
    this.#anchors = anchors;
  }

  slotOf(license: number): RegisterSlot | undefined {
    return this.slots.find((slot) => slot.set?.license === license);
  }

  freeSlot(): RegisterSlot | undefined {
    return this.slots.find((slot) => slot.set === null);
  }

  tombstones(): Tombstone[] {
    return this.#tombstoneCells.flatMap((cell) => {
      const bytes = cell.read();
      return bytes === null ? [] : [parseTombstone(bytes)];
    });
  }

  tombstoneOf(license: number): Tombstone | undefined {
    return this.tombstones().find((tombstone) => tombstone.license === license);
  }

  /** Whether one more set may leave: those that are leaving will need their places. */
  hasRoomForTombstone(): boolean {
    const leaving = this.slots.filter(({ set }) => set?.state === 'leaving' || set?.state === 'away');
    return this.tombstones().length + leaving.length < TOMBSTONES_MAX;
  }

  isWithdrawn(license: number): boolean {
    return this.#withdrawnLicenses().includes(license);
  }

  hasRoomForWithdrawal(): boolean {
    const pending = this.slots.filter(({ set }) => set?.state === 'withdrawn');
    return this.#withdrawnLicenses().length + pending.length < WITHDRAWN_MAX;
  }

  /** The license may never be on this PSD again: its counters would start anew. */
  noteWithdrawn(license: number): void {
    const bytes = Buffer.alloc(LICENSE_BYTES);
    bytes.writeUIntBE(license, 0, LICENSE_BYTES);
    this.#withdrawn.write(Buffer.concat([this.#withdrawn.read() ?? Buffer.alloc(0), bytes]));
  }

  #withdrawnLicenses(): number[] {
    const bytes = this.#withdrawn.read() ?? Buffer.alloc(0);
    const licenses: number[] = [];
    for (let at = 0; at < bytes.length; at += LICENSE_BYTES) licenses.push(bytes.readUIntBE(at, LICENSE_BYTES));
    return licenses;
  }

  bury(tombstone: Tombstone): void {
    this.unbury(tombstone.license);
    const free = this.#tombstoneCells.find((cell) => cell.read() === null);
    if (free === undefined) throw new Error('a set left without room to remember it');
    free.write(Buffer.from(JSON.stringify(tombstone)));
  }

  unbury(license: number): void {
    for (const cell of this.#tombstoneCells) {
      const bytes = cell.read();
      if (bytes !== null && parseTombstone(bytes).license === license) cell.erase();
    }
  }

  #recover(): void {
    for (const slot of this.slots) {
      slot.recover(this.has('spoil-unconfirmed'));
      const { set } = slot;
      if (set === null) continue;
      const { license, epoch, handle, state } = set;
      const buried = this.tombstoneOf(license);
      if (state === 'away') {
        if (buried === undefined || buried.epoch < epoch) this.bury({ license, epoch, handle });
        slot.clear();
      } else if (state === 'withdrawn' && this.isWithdrawn(license)) slot.clear();
      else if (buried !== undefined && buried.epoch < epoch) this.unbury(license);
    }
  }
}

/** Public keys of offices, imported: every PSD of a fleet knows the same ones, and each takes 2 kB. */
const anchorKeysKnown = new Map<string, KeyObject>();
const ANCHOR_KEYS_MAX = 1_000;

function anchorKey(spki: string): KeyObject {
  const known = anchorKeysKnown.get(spki);
  if (known !== undefined) return known;
  const publicKey = publicKeyFrom(Buffer.from(spki, 'base64'));
  if (anchorKeysKnown.size >= ANCHOR_KEYS_MAX) anchorKeysKnown.clear();
  anchorKeysKnown.set(spki, publicKey);
  return publicKey;
}
