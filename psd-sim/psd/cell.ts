import { crc32 } from 'node:zlib';
import type { NonvolatileMemory } from './memory.ts';

/** Before the contents: checksum (4 bytes), number of the writing (6), length (2). */
const HEADER_BYTES = 12;
const SEQUENCE_AT = 4;
const LENGTH_AT = 10;
/** Where records are put together before they are written; shared, for a writing is never interrupted by another. */
const SCRATCH = Buffer.alloc(4_096);

/**
 * One record in nonvolatile memory, kept twice: a writing goes to the older copy, so that a power cut at any byte of it
 * leaves the newer copy whole (in the manner of US 5712542, which WO 99/48053 names).
 */
export class Cell {
  readonly #memory: NonvolatileMemory;
  readonly #at: number;
  readonly #capacity: number;
  readonly #copies: 1 | 2;
  #current: 0 | 1 = 0;
  #sequence = 0;

  /** `copies` is 2 but for a PSD that was built wrongly on purpose. */
  constructor(memory: NonvolatileMemory, at: number, capacity: number, copies: 1 | 2 = 2) {
    this.#memory = memory;
    this.#at = at;
    this.#capacity = capacity;
    this.#copies = copies;
    if (HEADER_BYTES + capacity > SCRATCH.length) throw new RangeError(`no record has ${capacity} bytes`);
    const sequences = [this.#sequenceOf(0), this.#sequenceOf(1)] as const;
    this.#current = sequences[1] > sequences[0] ? 1 : 0;
    this.#sequence = sequences[this.#current];
  }

  /** Memory that a cell of that capacity takes. */
  static bytes(capacity: number): number {
    return 2 * (HEADER_BYTES + capacity);
  }

  /** The contents; null when nothing was written yet, or it was erased. */
  read(): Buffer | null {
    if (this.#sequence === 0) return null;
    const at = this.#copyAt(this.#current);
    const length = this.#memory.read(at, HEADER_BYTES).readUInt16BE(LENGTH_AT);
    return length === 0 ? null : Buffer.from(this.#memory.read(at + HEADER_BYTES, length));
  }

  /** @throws PowerCut: then the earlier contents are still there. */
  write(contents: Uint8Array): void {
    if (contents.length > this.#capacity) throw new RangeError(`${contents.length} bytes into ${this.#capacity}`);
    const target = this.#copies === 1 ? this.#current : this.#current === 0 ? 1 : 0;
    const length = HEADER_BYTES + contents.length;
    SCRATCH.writeUIntBE(this.#sequence + 1, SEQUENCE_AT, 6);
    SCRATCH.writeUInt16BE(contents.length, LENGTH_AT);
    SCRATCH.set(contents, HEADER_BYTES);
    SCRATCH.writeUInt32BE(crc32(SCRATCH.subarray(SEQUENCE_AT, length)), 0);
    this.#memory.write(this.#copyAt(target), SCRATCH, length);
    this.#current = target;
    this.#sequence += 1;
  }

  /** Empties the record, and overwrites what was in both copies. */
  erase(): void {
    this.write(new Uint8Array());
    const empty = Buffer.alloc(this.#capacity);
    this.#memory.write(this.#copyAt(this.#current) + HEADER_BYTES, empty);
    this.write(new Uint8Array());
    this.#memory.write(this.#copyAt(this.#current) + HEADER_BYTES, empty);
  }

  #copyAt(copy: 0 | 1): number {
    return this.#at + copy * (HEADER_BYTES + this.#capacity);
  }

  /** Number of the writing that a copy holds; 0 when it is not whole. */
  #sequenceOf(copy: 0 | 1): number {
    const at = this.#copyAt(copy);
    const length = this.#memory.read(at, HEADER_BYTES).readUInt16BE(LENGTH_AT);
    if (length > this.#capacity) return 0;
    const record = this.#memory.read(at, HEADER_BYTES + length);
    const sequence = record.readUIntBE(SEQUENCE_AT, 6);
    return sequence > 0 && record.readUInt32BE(0) === crc32(record.subarray(SEQUENCE_AT)) ? sequence : 0;
  }
}
