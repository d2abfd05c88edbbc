import { appendFileSync } from 'node:fs';

/** Where a benchmark writes its measurements, a line of JSON each; nowhere where it is not set. */
export const MEASUREMENTS_VARIABLE = 'INDICIA_BENCH_MEASUREMENTS';

/** One figure of a benchmark, with all its samples. */
export interface Measurement {
  /** What was measured, in the words of the table. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /**
   * Whether each sample is a ratio to what was measured beside it, in turn: only such figures can be compared between runs, since
   * the machine is shared and its speed changes by a third from one hour to the next.
   */
  readonly isPaired: boolean;
  readonly samples: readonly number[];
}

export function noteMeasurement(measurement: Measurement): void {
  const path = process.env[MEASUREMENTS_VARIABLE];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(measurement)}\n`);
}
