import type { Outcome } from '../../client/index.ts';
import type { Disposition } from '../../indicium/index.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** What became of the pieces of a load. */
export class Tally {
  readonly latency = new LatencyHistogram();
  /** How long after its due time each piece was handed to the network. */
  readonly lag = new LatencyHistogram();
  readonly dispositions: Record<Disposition, number> = { accept: 0, divert: 0, manual: 0 };
  /** Answered with the default disposition at their deadline; not among the dispositions. */
  late = 0;
  repeated = 0;
  /** With 429. */
  refused = 0;
  /** Other problems by their codes. */
  readonly failed = new Map<string, number>();

  sent(dueMs: number): void {
    this.lag.add(Math.max(0, performance.now() - dueMs));
  }

  answered(outcome: Outcome, dueMs: number): void {
    if ('code' in outcome) {
      if (outcome.code === 'too-busy') this.refused += 1;
      else this.failed.set(outcome.code, (this.failed.get(outcome.code) ?? 0) + 1);
      return;
    }
    this.latency.add(Math.max(0, performance.now() - dueMs));
    if (outcome.repeated) this.repeated += 1;
    if (outcome.late) this.late += 1;
    else this.dispositions[outcome.disposition] += 1;
  }

  get problems(): number {
    return this.refused + [...this.failed.values()].reduce((sum, count) => sum + count, 0);
  }
}
