import { ACTIVE_MS } from './limits.ts';

/** Who has asked for something lately. Times are milliseconds as performance.now tells them. */
export class ActiveClients {
  readonly #lastAtMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  note(client: string): void {
    this.#lastAtMs.set(client, this.#nowMs());
  }

  /** Whether work must leave room for others: more than one client is active. */
  get areSeveral(): boolean {
    return this.count > 1;
  }

  get count(): number {
    const sinceMs = this.#nowMs() - ACTIVE_MS;
    for (const [client, atMs] of this.#lastAtMs) if (atMs < sinceMs) this.#lastAtMs.delete(client);
    return this.#lastAtMs.size;
  }
}
