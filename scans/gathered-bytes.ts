/** Chunks that are kept as they came before they are copied together. */
const CHUNKS_MAX = 256;

/**
 * Bytes that come in chunks of any size. Chunks are kept as they are, and copied together when there are many: each costs
 * some 150 bytes beside its contents, so that a body of 33 MB in chunks of one byte took 5 GB.
 */
export class GatheredBytes {
  #chunks: Buffer[] = [];
  /** Bytes that were copied together; what is beyond `#copied` is room. */
  #whole = Buffer.alloc(0);
  #copied = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#length += chunk.length;
    this.#chunks.push(chunk);
    if (this.#chunks.length >= CHUNKS_MAX) this.#copy();
  }

  /** All bytes; the chunk itself where there is one. */
  take(): Buffer {
    const whole = this.#joined();
    this.clear();
    return whole;
  }

  #joined(): Buffer {
    const [only] = this.#chunks;
    if (this.#copied === 0 && this.#chunks.length === 1 && only !== undefined) return only;
    if (this.#copied === 0) return Buffer.concat(this.#chunks, this.#length);
    this.#copy();
    return this.#whole.subarray(0, this.#length);
  }

  clear(): void {
    this.#chunks = [];
    this.#whole = Buffer.alloc(0);
    this.#copied = 0;
    this.#length = 0;
  }

  #copy(): void {
    if (this.#length > this.#whole.length) {
      const longer = Buffer.allocUnsafeSlow(Math.max(this.#length, 2 * this.#whole.length));
      this.#whole.copy(longer, 0, 0, this.#copied);
      this.#whole = longer;
    }
    for (const chunk of this.#chunks) this.#copied += chunk.copy(this.#whole, this.#copied);
    this.#chunks = [];
  }
}
