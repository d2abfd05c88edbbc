import type { ActiveClients } from '../../sharing/index.ts';
import { BUSY_RETRY_SECONDS, LARGE_BODY_BYTES, PARSE_DEBT_MS_MAX, PARSE_SHARE } from './limits.ts';
import { ProblemError } from './problems.ts';

/**
 * The time that large bodies take to be parsed, in the one thread that answers everybody. A client pays it back at its share of
 * a share of that thread; while others are active, one that owes too much is refused before its next large body is read.
 */
export class ParseShare {
  readonly #active: ActiveClients;
  readonly #nowMs: () => number;
  readonly #debts = new Map<string, { ms: number; atMs: number }>();

  constructor(active: ActiveClients, nowMs: () => number = () => performance.now()) {
    this.#active = active;
    this.#nowMs = nowMs;
  }

  /** @throws ProblemError when the client owes too much; `length` is the Content-Length, undefined where none is told. */
  refuseWhenSpent(client: string, length: string | undefined): void {
    if (Number(length ?? LARGE_BODY_BYTES) < LARGE_BODY_BYTES || !this.#active.areSeveral) return;
    if (this.#debtOf(client) <= PARSE_DEBT_MS_MAX) return;
    const detail = 'your large bodies take more than your share of the time to parse them';
    throw new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS);
  }

  /** Does what a body asks for, and notes how long that took where the body is large. */
  spend<Result>(client: string, bytes: number, work: () => Result): Result {
    if (bytes < LARGE_BODY_BYTES) return work();
    const startedAtMs = this.#nowMs();
    try {
      return work();
    } finally {
      const atMs = this.#nowMs();
      this.#debts.set(client, { ms: this.#debtOf(client) + atMs - startedAtMs, atMs });
    }
  }

  #debtOf(client: string): number {
    const debt = this.#debts.get(client);
    if (debt === undefined) return 0;
    const paidMs = ((this.#nowMs() - debt.atMs) * PARSE_SHARE) / Math.max(1, this.#active.count);
    if (paidMs < debt.ms) return debt.ms - paidMs;
    this.#debts.delete(client);
    return 0;
  }
}
