/** Lets weights in as long as there is room for them; who comes when there is none waits for his turn. */
export class Gate {
  readonly #weightMax: number;
  readonly #waiting: { readonly weight: number; readonly resolve: () => void }[] = [];
  #weight = 0;

  constructor(weightMax: number) {
    this.#weightMax = weightMax;
  }

  /** Whoever comes when nothing is in gets in, however heavy. */
  enter(weight: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ weight, resolve });
    this.#admit();
    return promise;
  }

  leave(weight: number): void {
    this.#weight -= weight;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#weight > 0 && this.#weight + next.weight > this.#weightMax) return;
      this.#waiting.shift();
      this.#weight += next.weight;
      next.resolve();
    }
  }
}
