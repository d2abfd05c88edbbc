/** Lets bytes in as long as there is room for them; who comes when there is none waits for his turn. */
export class ByteGate {
  readonly #bytesMax: number;
  readonly #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whoever comes when nothing is in gets in, however large. */
  enter(bytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, resolve });
    this.#admit();
    return promise;
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#bytes > 0 && this.#bytes + next.bytes > this.#bytesMax) return;
      this.#waiting.shift();
      this.#bytes += next.bytes;
      next.resolve();
    }
  }
}
