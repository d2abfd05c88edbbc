/** The supply failed; nothing works until it is back. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

/**
 * The nonvolatile memory within the secure housing. Bytes are written one after the other, and the power may fail
 * between any two of them or within one: what was written stays, the byte in the making becomes anything.
 */
export class NonvolatileMemory {
  readonly #bytes: Buffer;
  #bytesUntilCut = Number.POSITIVE_INFINITY;
  #hasPower = true;

  constructor(bytes: number | Buffer) {
    this.#bytes = typeof bytes === 'number' ? Buffer.alloc(bytes) : Buffer.from(bytes);
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(at: number, bytes: number): Buffer {
    if (!this.#hasPower) throw new PowerCut();
    return this.#bytes.subarray(at, at + bytes);
  }

  /** @throws PowerCut when the supply fails meanwhile. */
  write(at: number, bytes: Buffer, length = bytes.length): void {
    if (!this.#hasPower) throw new PowerCut();
    if (length < this.#bytesUntilCut) {
      this.#bytesUntilCut -= length;
      bytes.copy(this.#bytes, at, 0, length);
      return;
    }
    const written = this.#bytesUntilCut;
    bytes.copy(this.#bytes, at, 0, written);
    if (written < length) this.#bytes[at + written] = ((this.#bytes[at + written] ?? 0) ^ 0xa5) & 0xff;
    this.#hasPower = false;
    throw new PowerCut();
  }

  /** The supply will fail after that many more bytes. */
  cutPowerAfter(bytes: number): void {
    this.#bytesUntilCut = bytes;
  }

  restorePower(): void {
    this.#bytesUntilCut = Number.POSITIVE_INFINITY;
    this.#hasPower = true;
  }

  /** What somebody with the housing open reads. */
  image(): Buffer {
    return Buffer.from(this.#bytes);
  }
}
