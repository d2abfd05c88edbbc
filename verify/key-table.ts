import { FIELDS, type KeyRecord, missing, SUITES, type SuiteName } from '../indicium/index.ts';
import { AUTHORIZATIONS, authorizationPeriods, type GrantedLicense } from './authorization.ts';
import { keyMaterial } from './key-gate.ts';

/**
 * Every registered key in flat arrays over shared memory: handing the table to a worker copies nothing, and a million
 * keys take about 150 MB once for all threads. Row numbers are the order of the records.
 */
export interface KeyTable {
  readonly size: number;
  readonly keyIds: Float64Array;
  /** Eight bytes a key, as they stand in the mark: manufacturer, model, serial. */
  readonly psds: Uint8Array;
  readonly licenses: Float64Array;
  /** Index into SUITE_NAMES. */
  readonly suites: Uint8Array;
  /** validFrom, validTo, revokedAt, compromisedFrom; infinity where there is none. */
  readonly timesMs: Float64Array;
  readonly material: Uint8Array;
  readonly materialStarts: Uint32Array;
  readonly periodStarts: Uint32Array;
  readonly periodFromMs: Float64Array;
  /** Index into AUTHORIZATIONS. */
  readonly periodStates: Uint8Array;
  /** Open addressing by key id: row number + 1; 0 is free. At most half full. */
  readonly index: Uint32Array;
}

const SUITE_NAMES: readonly SuiteName[] = Object.values(SUITES).map((suite) => suite.name);
export const PSD_BYTES = 8;
const TIMES_PER_KEY = 4;

/** A key that is not canonical for its suite, or an id that stands twice. */
interface KeyRefusal {
  readonly keyId: number;
  readonly refusal: 'not-canonical' | 'duplicate-id';
}

/** Collects records one by one, so that a million of them need not exist as objects at the same time. */
export class KeyTableBuilder {
  readonly refused: KeyRefusal[] = [];
  readonly #known = new Set<number>();
  readonly #keyIds = new Growing(Float64Array);
  readonly #psds = new Growing(Uint8Array);
  readonly #licenses = new Growing(Float64Array);
  readonly #suites = new Growing(Uint8Array);
  readonly #timesMs = new Growing(Float64Array);
  readonly #material = new Growing(Uint8Array);
  readonly #materialStarts = new Growing(Uint32Array);
  readonly #periodStarts = new Growing(Uint32Array);
  readonly #periodFromMs = new Growing(Float64Array);
  readonly #periodStates = new Growing(Uint8Array);

  add(record: KeyRecord, license: GrantedLicense | undefined): void {
    const { keyId, psd, suite, spki } = record;
    const material = keyMaterial(suite, spki);
    if (material === null || this.#known.has(keyId)) {
      this.refused.push({ keyId, refusal: material === null ? 'not-canonical' : 'duplicate-id' });
      return;
    }
    this.#known.add(keyId);
    this.#keyIds.push(keyId);
    this.#psds.append(psdBytes(psd));
    this.#licenses.push(record.license);
    this.#suites.push(SUITE_NAMES.indexOf(suite));
    this.#timesMs.push(record.validFromMs);
    this.#timesMs.push(record.validToMs);
    this.#timesMs.push(record.revokedAtMs ?? Number.POSITIVE_INFINITY);
    this.#timesMs.push(record.compromisedFromMs ?? Number.POSITIVE_INFINITY);
    this.#materialStarts.push(this.#material.length);
    this.#material.append(material);
    this.#periodStarts.push(this.#periodFromMs.length);
    for (const { fromMs, authorization } of authorizationPeriods(license, psd)) {
      this.#periodFromMs.push(fromMs);
      this.#periodStates.push(AUTHORIZATIONS.indexOf(authorization));
    }
  }

  finish(): KeyTable {
    this.#materialStarts.push(this.#material.length);
    this.#periodStarts.push(this.#periodFromMs.length);
    const keyIds = this.#keyIds.shared();
    return {
      size: keyIds.length,
      keyIds,
      psds: this.#psds.shared(),
      licenses: this.#licenses.shared(),
      suites: this.#suites.shared(),
      timesMs: this.#timesMs.shared(),
      material: this.#material.shared(),
      materialStarts: this.#materialStarts.shared(),
      periodStarts: this.#periodStarts.shared(),
      periodFromMs: this.#periodFromMs.shared(),
      periodStates: this.#periodStates.shared(),
      index: indexOf(keyIds),
    };
  }
}

/** Row of a key id, or −1. */
export function findKey(table: KeyTable, keyId: number): number {
  const { index, keyIds } = table;
  const mask = index.length - 1;
  for (let at = hashOf(keyId) & mask; ; at = (at + 1) & mask) {
    const entry = index[at] ?? missing('index');
    if (entry === 0) return -1;
    if (keyIds[entry - 1] === keyId) return entry - 1;
  }
}

function indexOf(keyIds: Float64Array): Uint32Array {
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(2, keyIds.length * 2)));
  const index = new Uint32Array(new SharedArrayBuffer(capacity * Uint32Array.BYTES_PER_ELEMENT));
  for (const [row, keyId] of keyIds.entries()) {
    let at = hashOf(keyId) & (capacity - 1);
    while (index[at] !== 0) at = (at + 1) & (capacity - 1);
    index[at] = row + 1;
  }
  return index;
}

/** Both halves of a number below 2^48, mixed as in the finalizer of MurmurHash3. */
function hashOf(keyId: number): number {
  let hash = (keyId | 0) ^ Math.imul(Math.floor(keyId / 2 ** 32), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** When a key may be used. Infinity where an event never happened. */
export interface KeyTimes {
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly revokedAtMs: number;
  readonly compromisedFromMs: number;
}

export function timesAt({ timesMs }: KeyTable, row: number): KeyTimes {
  const at = row * TIMES_PER_KEY;
  return {
    validFromMs: timesMs[at] ?? missing('key'),
    validToMs: timesMs[at + 1] ?? missing('key'),
    revokedAtMs: timesMs[at + 2] ?? missing('key'),
    compromisedFromMs: timesMs[at + 3] ?? missing('key'),
  };
}

/** Of a key of the table. */
export function suiteAt({ suites }: KeyTable, row: number): SuiteName {
  return SUITE_NAMES[suites[row] ?? missing('key')] ?? missing('suite of a key');
}

/** A PSD's name as the eight bytes of the mark. */
export function psdBytes(psd: string): Buffer {
  const [manufacturer = '', model = '', serial = ''] = psd.split('-');
  const start = FIELDS.manufacturer.offset;
  const bytes = Buffer.alloc(PSD_BYTES);
  bytes.write(manufacturer, 0, FIELDS.manufacturer.bytes, 'latin1');
  bytes.write(model, FIELDS.model.offset - start, FIELDS.model.bytes, 'latin1');
  bytes.writeUInt32BE(Number(serial), FIELDS.serial.offset - start);
  return bytes;
}

type NumberArray = Float64Array | Uint8Array | Uint32Array;
interface NumberArrayType<Kind extends NumberArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike): Kind;
}

/** A typed array that doubles when it is full. */
class Growing<Kind extends NumberArray> {
  readonly #type: NumberArrayType<Kind>;
  #values: Kind;
  length = 0;

  constructor(type: NumberArrayType<Kind>) {
    this.#type = type;
    this.#values = this.#allocate(64);
  }

  push(value: number): void {
    this.#makeRoom(1);
    this.#values[this.length] = value;
    this.length += 1;
  }

  append(values: ArrayLike<number>): void {
    this.#makeRoom(values.length);
    this.#values.set(values, this.length);
    this.length += values.length;
  }

  /** What was pushed, in shared memory of just its size. */
  shared(): Kind {
    const exact = new this.#type(new SharedArrayBuffer(this.length * this.#type.BYTES_PER_ELEMENT));
    exact.set(this.#values.subarray(0, this.length));
    return exact;
  }

  #makeRoom(more: number): void {
    if (this.length + more <= this.#values.length) return;
    const larger = this.#allocate(Math.max(this.length + more, this.#values.length * 2));
    larger.set(this.#values);
    this.#values = larger;
  }

  #allocate(length: number): Kind {
    return new this.#type(new ArrayBuffer(length * this.#type.BYTES_PER_ELEMENT));
  }
}
