import { ProblemError } from '../../api/index.ts';
import type { StoredVerdict, VerdictQuery } from '../../indicium/index.ts';
import { SharedRoom, WakeUp } from '../../sharing/index.ts';
import { BUSY_RETRY_SECONDS, LOOK_UPS_MAX } from '../limits.ts';

type VerdictsOf = (queries: readonly VerdictQuery[]) => Promise<readonly StoredVerdict[]>;

interface WaitingLookUp {
  readonly queries: VerdictQuery[];
  readonly found: PromiseWithResolvers<readonly StoredVerdict[]>;
}

/** Verdicts that are looked up in the store, not too many at a time. */
export class LookUps {
  readonly #verdictsOf: VerdictsOf;
  readonly #underWay = new SharedRoom(LOOK_UPS_MAX);
  /** What waits to be looked up together for a client that has no room. */
  readonly #waiting = new Map<string, WaitingLookUp>();
  readonly #room = new WakeUp();

  constructor(verdictsOf: VerdictsOf) {
    this.#verdictsOf = verdictsOf;
  }

  /** For a client without room, what is asked meanwhile is looked up together once there is some. */
  verdictsOf(queries: readonly VerdictQuery[], client = ''): Promise<readonly StoredVerdict[]> {
    const waiting = this.#waiting.get(client);
    if (waiting === undefined && this.#underWay.hasFor(client, 1)) return this.#lookUp(queries, client);
    const together = waiting ?? { queries: [], found: Promise.withResolvers<readonly StoredVerdict[]>() };
    together.queries.push(...queries);
    this.#waiting.set(client, together);
    return together.found.promise;
  }

  async #lookUp(queries: readonly VerdictQuery[], client: string): Promise<readonly StoredVerdict[]> {
    this.#underWay.add(client, 1);
    try {
      return await this.#verdictsOf(queries);
    } finally {
      this.#underWay.release(client, 1);
      this.#begin();
      this.#room.wake();
    }
  }

  #begin(): void {
    for (const [client, { queries, found }] of this.#waiting) {
      if (!this.#underWay.hasFor(client, 1)) continue;
      this.#waiting.delete(client);
      this.#lookUp(queries, client).then(found.resolve, found.reject);
    }
  }

  /** @throws ProblemError when there is no room for another of this client. */
  refuseWhenFull(client = ''): void {
    if (this.#underWay.hasFor(client, 1)) return;
    const detail = `${this.#underWay.heldBy(client)} of your look-ups are under way`;
    throw new ProblemError('too-busy', detail, undefined, BUSY_RETRY_SECONDS);
  }

  /** Until there is room for another: a caller that begins one for every batch of retries waits with the next batch. */
  async room(client = ''): Promise<void> {
    while (!this.#underWay.hasFor(client, 1)) await this.#room.wait();
  }
}
