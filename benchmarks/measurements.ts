import { appendFileSync } from 'node:fs';
import { MEASUREMENTS_VARIABLE } from '../commands/bench/measurements-variable.ts';
import type { Measurement } from '../commands/bench/results-file.ts';

export function noteMeasurement(measurement: Measurement): void {
  const path = process.env[MEASUREMENTS_VARIABLE];
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(measurement)}\n`);
}
