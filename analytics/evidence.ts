import type { Reading, Scan, Verdict } from '../indicium/index.ts';

/** Everything that is stored of one scan: what came in, what was read, what was answered. */
export interface Evidence {
  readonly scan: Scan;
  readonly reading: Reading;
  readonly verdict: Verdict;
}
