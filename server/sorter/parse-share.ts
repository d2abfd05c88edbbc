import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../api/index.ts';
import { type ActiveClients, SharedRoom } from '../../sharing/index.ts';
import {
  BUSY_RETRY_SECONDS,
  LARGE_BODIES_BYTES_MAX,
  LARGE_BODY_BYTES,
  PARSE_DEBT_MS_MAX,
  PARSE_SHARE,
  READ_MS_PER_MB,
} from '../limits.ts';

/**
 * The time that large bodies and lines take to be read and parsed, in the one thread that answers everybody. A client pays it
 * back at its share of a share of that thread. While others are active, one that owes too much is refused before its next large
 * body is read, and what comes on its streams waits.
 */
export class ParseShare {
  readonly #active: ActiveClients;
  readonly #nowMs: () => number;
  readonly #debts = new Map<string, { ms: number; atMs: number }>();
  /** Bytes of large bodies that were let in and have not been taken. */
  readonly #underWay = new SharedRoom(LARGE_BODIES_BYTES_MAX);

  constructor(active: ActiveClients, nowMs: () => number = () => performance.now()) {
    this.#active = active;
    this.#nowMs = nowMs;
  }

  /**
   * Lets a body in whose Content-Length is this; undefined where none is told. Gives what is to be called when it was taken or
   * refused.
   *
   * @throws ProblemError when the client owes too much, or has large bodies enough on their way.
   */
  enter(client: string, length: string | undefined): () => void {
    const bytes = Number(length ?? LARGE_BODY_BYTES);
    if (bytes < LARGE_BODY_BYTES) return () => {};
    const before = this.#underWay.heldBy(client);
    const isTooMuch = before > 0 && before + bytes > LARGE_BODIES_BYTES_MAX;
    if (this.#active.areSeveral && (isTooMuch || this.#debtOf(client) > PARSE_DEBT_MS_MAX)) {
      const detail = 'your large bodies take more than your share of the time to parse them';
      throw new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS);
    }
    this.#underWay.add(client, bytes);
    return () => this.#underWay.release(client, bytes);
  }

  /** Does what a body asks for, and notes how long that took where the body is large. */
  spend<Result>(client: string, bytes: number, work: () => Result): Result {
    if (bytes < LARGE_BODY_BYTES) return work();
    const startedAtMs = this.#nowMs();
    try {
      return work();
    } finally {
      this.#owe(client, this.#nowMs() - startedAtMs);
    }
  }

  /** Notes what it took to read so many bytes, which is done bit by bit, between everything else. */
  read(client: string, bytes: number): void {
    this.#owe(client, (bytes / 1e6) * READ_MS_PER_MB);
  }

  /** Until the client owes no more than it may; at once while it is alone. */
  async paid(client: string): Promise<void> {
    for (let tooMuchMs = this.#tooMuchOf(client); tooMuchMs > 0; tooMuchMs = this.#tooMuchOf(client)) {
      await sleep(Math.min((tooMuchMs * Math.max(1, this.#active.count)) / PARSE_SHARE, PAID_POLL_MS));
    }
  }

  #tooMuchOf(client: string): number {
    return this.#active.areSeveral ? this.#debtOf(client) - PARSE_DEBT_MS_MAX : 0;
  }

  #owe(client: string, ms: number): void {
    this.#debts.set(client, { ms: this.#debtOf(client) + ms, atMs: this.#nowMs() });
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

/** Milliseconds after which a client that waits is looked at again: the others may have gone. */
const PAID_POLL_MS = 100;
