/** What a failure that a person can mend is about: a closed set, told with `--verbose`. A code never changes its meaning. */
export const FAILURE_CODES = [
  'broker',
  'config',
  'demo-folder',
  'fleet-target',
  'kafka',
  'payload',
  'policy',
  'query',
  'registry',
  'replay',
  'results',
  'scenario',
  'serve-options',
  'source',
  'store',
  'tokens',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/**
 * A failure whose message is all that a person needs to mend it: input, a file, an argument, an environment. What it came of is its
 * `cause`. Every other error is a fault of the program, and shows where it happened.
 */
export abstract class ExpectedError extends Error {
  abstract readonly failure: FailureCode;
}
