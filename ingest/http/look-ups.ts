import type { KnownVerdict, VerdictQuery } from './answers.ts';
import { BUSY_RETRY_SECONDS, LOOK_UPS_MAX } from './limits.ts';
import { ProblemError } from './problems.ts';

type VerdictsOf = (queries: readonly VerdictQuery[]) => Promise<readonly KnownVerdict[]>;

/** Verdicts that are looked up in the store, not too many at a time. */
export class LookUps {
  readonly #verdictsOf: VerdictsOf;
  #underWay = 0;
  #wakers: (() => void)[] = [];

  constructor(verdictsOf: VerdictsOf) {
    this.#verdictsOf = verdictsOf;
  }

  async verdictsOf(queries: readonly VerdictQuery[]): Promise<readonly KnownVerdict[]> {
    this.#underWay += 1;
    try {
      return await this.#verdictsOf(queries);
    } finally {
      this.#underWay -= 1;
      for (const wake of this.#wakers.splice(0)) wake();
    }
  }

  /** @throws ProblemError when there is no room for another. */
  refuseWhenFull(): void {
    if (this.#underWay < LOOK_UPS_MAX) return;
    throw new ProblemError('too-busy', `${LOOK_UPS_MAX} look-ups are under way`, undefined, BUSY_RETRY_SECONDS);
  }

  /** Until there is room for another: whoever has one begun for every batch of retries waits with the next batch. */
  async room(): Promise<void> {
    while (this.#underWay >= LOOK_UPS_MAX) await new Promise<void>((resolve) => this.#wakers.push(resolve));
  }
}
